-- Work in coroutines, whose instruction counters start afresh on Lua 5.4.
local function evaluate()
  local function spread(depth)
    for _ = 1, 30 do
      coroutine.wrap(function()
        if depth > 0 then
          spread(depth - 1)
        end
      end)()
    end
  end
  spread(4)
end

return { evaluate = evaluate }
