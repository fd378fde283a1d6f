-- Runs a file of test vectors against the engine:
--
--   lua5.4 spec/conformance/run.lua [FILE]
--   luajit spec/conformance/run.lua [FILE]
--
-- Without FILE the vectors beside this script are taken. The last line printed is
-- `N passed, N failed, N skipped`; the exit code is 1 when anything failed.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local root = here .. "/../.."
dofile(here .. "/paths.lua")(root)

local runner = require "spec.conformance.runner"

local ok, summary = pcall(runner.run_file, arg[1] or here .. "/vectors.json", {
  write = function(line) io.stdout:write(line, "\n") end,
})
if not ok then
  io.stderr:write("the vectors did not run: ", tostring(summary), "\n")
  os.exit(1)
end
os.exit(summary.failed == 0 and 0 or 1)
