-- Goes around metatables.
local function evaluate()
  rawset(string, "len", rawget(string, "rep"))
end

return { evaluate = evaluate }
