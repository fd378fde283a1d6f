-- The same while the script is being loaded.
while true do
end

return { evaluate = function() end }
