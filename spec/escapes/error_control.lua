-- An error text that would forge a line of the log.
local function evaluate()
  error("x\n2026-01-01 [info] all is well\r\0\27[2J", 0)
end

return { evaluate = evaluate }
