-- The same on Lua 5.4.
return { evaluate = function() return _ENV end }
