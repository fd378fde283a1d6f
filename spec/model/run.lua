-- Random shops, each held against the naive model command by command.
--
--   lua5.4 spec/model/run.lua [SEED [STEPS]]
--
-- Begins with the shop of SEED and goes on with the next ones until STEPS commands were done. A
-- list that fails is made short and printed as a program. Ends with the line "N passed, N failed",
-- where a shop counts as one.

local settings = dofile(".busted")._all
package.path = settings.lpath .. ";" .. package.path
package.cpath = settings.cpath .. ";" .. package.cpath

local session = require "model.session"

local seed, steps = tonumber(arg[1] or 1), tonumber(arg[2] or 20000)
local passed, failed = session.run(seed, steps, print)
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and passed > 0 and 0 or 1)
