-- Reads the host's files.
local function evaluate()
  io.open("/etc/passwd"):read(1)
end

return { evaluate = evaluate }
