-- servers.lua: starts the peers, each in a directory of its own below the one of this run,
-- reachable through a unix socket only. What a server is told beyond that is either the durability
-- that the row asks for or in its favour; `settings` says it in words.

local kit = require "kit"
local sh = require "sh"

local _M = {}

local PATIENCE = 60 -- seconds until a server must answer

-- PostgreSQL refuses to run as root, and so does MariaDB unless it is told.
local function prefix(user)
  if sh.output("id -u") ~= "0" then return "" end
  return ("setpriv --reuid=%s --regid=%s --clear-groups "):format(user, user)
end

local function make_home(directory, name, user)
  local home = directory .. "/" .. name
  sh.output("mkdir " .. home)
  if prefix(user) ~= "" then sh.output(("chown %s: %s"):format(user, home)) end
  return home
end

local function wait_for(name, directory, command)
  local last = kit.now() + PATIENCE
  while not sh.try(command) do
    if kit.now() > last then
      error(("%s does not answer:\n%s"):format(name,
        sh.try(("tail -n 20 %s/%s.log"):format(directory, name)) or ""), 0)
    end
    kit.wait_until(kit.now() + 0.1)
  end
end

-- Redis -----------------------------------------------------------------------------------------

local redis = {
  settings = "appendonly yes; appendfsync as the row says; no snapshots, no rewriting of the log",
}

function redis.start(directory)
  local home = make_home(directory, "redis", "redis")
  local socket = home .. "/socket"
  sh.start(directory, "redis-server", ("%sredis-server --port 0 --unixsocket %s --dir %s --save '' "
    .. "--appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0")
    :format(prefix("redis"), socket, home))
  local function ask(words) return sh.output(("redis-cli -s %s %s"):format(socket, words)) end
  wait_for("redis-server", directory, ("redis-cli -s %s ping"):format(socket))
  return { at = socket, ask = ask }
end

function redis.version() return sh.output("redis-server --version"):match("v=(%S+)") end

-- PostgreSQL ------------------------------------------------------------------------------------

local BIN = "/usr/lib/postgresql/15/bin/"

local postgres = {
  settings = "fsync on; synchronous_commit as the row says; shared_buffers 256 MB; no checkpoint "
    .. "in sight; wal_level minimal",
}

local POSTGRES_CONF = [[
listen_addresses = ''
unix_socket_directories = '%s'
shared_buffers = 256MB
max_connections = 100
max_wal_size = 8GB
checkpoint_timeout = 1h
wal_level = minimal
max_wal_senders = 0
]]

function postgres.start(directory)
  local home = make_home(directory, "postgres", "postgres")
  local as = ("cd %s && %s"):format(home, prefix("postgres"))
  sh.output(as .. BIN .. "initdb -D data -A trust -U bench --encoding=UTF8 --locale=C")
  sh.output(("cat >>%s/data/postgresql.conf <<'END'\n%sEND"):format(home,
    POSTGRES_CONF:format(home)))
  sh.start(directory, "postgres", prefix("postgres") .. BIN .. "postgres -D " .. home .. "/data")
  local client = ("%spsql -h %s -U bench -v ON_ERROR_STOP=1 -qAtX "):format(BIN, home)
  wait_for("postgres", directory, client .. "-d postgres -c 'SELECT 1'")
  sh.output(client .. "-d postgres -c 'CREATE DATABASE bench'")
  local function ask(text) return sh.output(client .. "-d bench -c " .. sh.quote(text)) end
  return { at = home, ask = ask }
end

function postgres.version() return sh.output(BIN .. "postgres --version"):match("%d[%d.]+") end

-- MariaDB ---------------------------------------------------------------------------------------

local magento = {
  settings = "innodb_flush_log_at_trx_commit=1; buffer pool and log 512 MB each; no binary log",
}

function magento.start(directory)
  local home = make_home(directory, "mariadb", "mysql")
  local as, socket = prefix("mysql"), home .. "/socket"
  local data = ("--no-defaults --datadir=%s/data"):format(home)
  sh.output(("cd %s && %smariadb-install-db %s --auth-root-authentication-method=normal")
    :format(home, as, data))
  sh.start(directory, "mariadbd", ("%s/usr/sbin/mariadbd %s --socket=%s --skip-networking "
    .. "--skip-grant-tables --skip-log-bin --innodb-flush-log-at-trx-commit=1 "
    .. "--innodb-buffer-pool-size=512M --innodb-log-file-size=512M --pid-file=%s/own.pid")
    :format(as, data, socket, home))
  local client = ("mariadb --no-defaults -S %s -N -B "):format(socket)
  wait_for("mariadbd", directory, client .. "-e 'SELECT 1'")
  sh.output(client .. "-e 'CREATE DATABASE bench'")
  local function ask(text) return sh.output(client .. "bench -e " .. sh.quote(text)) end
  return { at = socket, ask = ask }
end

function magento.version()
  return sh.output("/usr/sbin/mariadbd --version"):match("Ver (%d[%d.]+)")
end

-- In the order in which they are started and told of.
_M.list = {
  { store = "redis", name = "Redis", server = redis },
  { store = "postgres", name = "PostgreSQL", server = postgres },
  { store = "magento", name = "MariaDB", server = magento },
}

return _M
