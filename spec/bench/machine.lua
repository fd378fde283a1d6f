-- machine.lua: what the numbers were measured on.

local sh = require "sh"

local _M = {}

local function cpu()
  local name = sh.find("/proc/cpuinfo", "^model name%s*:%s*(.*)") or sh.output("uname -m")
  return ("%s x %s"):format(sh.output("getconf _NPROCESSORS_ONLN"), name)
end

local function memory()
  local kilobytes = tonumber(sh.find("/proc/meminfo", "^MemTotal:%s*(%d+)") or 0)
  return ("%.0f GiB"):format(kilobytes / 1024 / 1024)
end

local function system()
  local name = sh.find("/etc/os-release", '^PRETTY_NAME="(.*)"') or "unknown"
  return ("%s, kernel %s"):format(name, sh.output("uname -r"))
end

-- Of the directory that all stores are in.
local function file_system(directory)
  return sh.try("findmnt -n -o FSTYPE,SOURCE -T " .. sh.quote(directory))
    or sh.output("stat -f -c %T " .. sh.quote(directory))
end

-- How many processes want a core, on average over the last minute.
function _M.load()
  return tonumber(sh.find("/proc/loadavg", "^(%S+)") or 0)
end

-- Lines { what, value }, and whether what is written there can be durable at all.
function _M.describe(directory)
  local files = file_system(directory):gsub("%s+", " ")
  return {
    { "CPU", cpu() }, { "memory", memory() }, { "system", system() }, { "file system", files },
    { "load before", ("%.2f"):format(_M.load()) },
  }, not files:find("^tmpfs")
end

return _M
