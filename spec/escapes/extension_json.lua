-- Another extension library that a host may have loaded.
local function evaluate()
  cjson.encode({ {} })
end

return { evaluate = evaluate }
