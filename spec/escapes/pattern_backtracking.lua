-- A pattern with 28 optional items would take seconds inside find.
local function evaluate()
  local subject = string.rep("a", 28)
  string.find(subject, string.rep("a?", 28) .. subject)
end

return { evaluate = evaluate }
