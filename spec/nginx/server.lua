-- server.lua: runs nginx for a spec, with the example's own configuration, from a directory of its
-- own that stands in for the source tree, on a socket there. What it starts it also stops, by
-- process id; should the spec itself be killed, a time limit ends the server.

local children = require "children"
local cjson = require "cjson"
local helpers = require "helpers"

local _M = {}

local Server = {}
local server_meta = { __index = Server }

local NGINX, LIFETIME = "/usr/sbin/nginx", 60 -- seconds

-- Replaces the one place where `old` stands.
local function replace(text, old, new)
  local from, to = text:find(old, 1, true)
  assert(from and not text:find(old, to + 1, true), "the example has not exactly one: " .. old)
  return text:sub(1, from - 1) .. new .. text:sub(to + 1)
end

-- The example's configuration on our socket, with what only specs need: the worker in a header, a
-- file that is opened too early, and threads that write.
local function configuration(directory)
  local text = children.read_file("examples/nginx.conf")
  text = replace(text, "listen 127.0.0.1:8080;", ([[
    listen unix:%s/http.sock;
    location = /before-fork {
      content_by_lua_block { require("before_fork").try() }
    }
    location = /thread-orders {
      content_by_lua_block { require("threads").orders() }
    }]]):format(directory))
  text = replace(text, "worker_processes 2;",
    "worker_processes 2;\nthread_pool writers threads=4 max_queue=1000;")
  text = replace(text, "$prefix/examples/?.lua;",
    "$prefix/examples/?.lua;$prefix/spec/nginx/?.lua;")
  return replace(text, "  init_worker_by_lua_block {", [[
  lua_worker_thread_vm_pool_size 24;
  init_by_lua_block {
    require("before_fork").open(ngx.config.prefix() .. "build/gateway/early.db")
  }
  header_filter_by_lua_block { ngx.header["X-Worker"] = ngx.worker.pid() }
  init_worker_by_lua_block {]])
end

-- Polls a shell condition for some seconds.
local function wait_for(condition, seconds)
  return os.execute(("i=0; until %s; do i=$((i + 1)); [ $i -lt %d ] || exit 1; sleep 0.02; done")
    :format(condition, seconds * 50))
end

-- The condition under which no process of these ids is left.
local function gone(pids)
  return ("! kill -0 %s 2>/dev/null"):format(table.concat(pids, " "))
end

local function succeeded(status)
  return status == true or status == 0
end

-- Kills a process in so many seconds, beside what goes on meanwhile.
function _M.kill_later(pid, seconds)
  os.execute(("{ sleep %g; kill -KILL %s; } 2>/dev/null &"):format(seconds, pid))
end

-- Is the process gone, or will be in a moment?
function _M.has_ended(pid)
  return succeeded(wait_for(gone{ pid }, 5))
end

local function start(directory)
  children.shell(([[
    cd %s && mkdir -p in out build/gateway && ln -s "$OLDPWD/lua" "$OLDPWD/examples" \
      "$OLDPWD/spec" . && ln -s "$OLDPWD/build/luajit" build/luajit]]):format(directory))
  children.write_file(directory .. "/nginx.conf", configuration(directory))
  os.execute(([[timeout -k 1 %d %s -p %s -e build/gateway/error.log -c nginx.conf \
    -g "daemon off; user $(id -un) $(id -gn);" >%s/start.log 2>&1 &]])
    :format(LIFETIME, NGINX, directory, directory))
  local pid_file = directory .. "/build/gateway/nginx.pid"
  local up = wait_for(("[ -S %s/http.sock ] && [ -s %s ]"):format(directory, pid_file), 5)
  local pid = (children.read_file(pid_file) or ""):match("%d+")
  assert(succeeded(up) and pid, "nginx does not start: " ..
    children.shell(("cat %s/start.log %s/build/gateway/error.log"):format(directory, directory)))
  return setmetatable({ directory = directory, pid = pid }, server_meta)
end

-- Ends the server as an operator would; one that does not go is killed.
function Server:stop()
  if not self.pid then return end
  os.execute("kill -QUIT " .. self.pid)
  local ended = succeeded(wait_for(gone{ self.pid }, 5))
  if not ended then os.execute("kill -KILL " .. self.pid) end
  self.pid = nil
  assert(ended, "nginx did not end when it was told to")
end

-- Loads the configuration again and waits until workers that served before are gone.
function Server:reload(workers)
  os.execute("kill -HUP " .. self.pid)
  local condition = gone{ workers[1] }
  for i = 2, #workers do condition = condition .. " && " .. gone{ workers[i] } end
  assert(succeeded(wait_for(condition, 5)), "the old workers did not end")
end

-- As soon as so many of the requests that are sent next are being answered, runs a shell command
-- in the server's directory.
function Server:when_answered(count, command)
  os.execute(([[cd %s; rm -f out/*; { i=0
    until set -- out/* && [ $# -ge %d ]; do i=$((i + 1)); [ $i -lt 500 ] || exit; sleep 0.01; done
    %s; } 2>/dev/null &]]):format(self.directory, count, command))
end

-- A request without an answer, or with half of one, has the status 0.
local function parse(text)
  local head, body = text:match("^(.-)\r\n\r\n(.*\n)$")
  if not head then return { status = 0, worker = "none", body = {} } end
  return {
    status = tonumber(head:match("^HTTP/1%.1 (%d+)")), worker = head:match("X%-Worker: (%d+)"),
    retry_after = head:match("Retry%-After: (%d+)"), body = cjson.decode(body),
  }
end

-- Sends requests { method, path, body }, many at a time, and returns the answers in their order.
-- Who sends goes away after so many seconds, without an answer if it has none yet.
function Server:send(requests, patience)
  local lines = {}
  for i, request in ipairs(requests) do
    if i > 1 then lines[#lines + 1] = "next" end
    lines[#lines + 1] = ('unix-socket = "%s/http.sock"\nmax-time = %g\ninclude\nsilent')
      :format(self.directory, patience or 20)
    lines[#lines + 1] = ('request = "%s"\nurl = "http://shop%s"\noutput = "%s/out/%d"')
      :format(request[1], request[2], self.directory, i)
    if request[3] then
      children.write_file(("%s/in/%d"):format(self.directory, i), request[3])
      lines[#lines + 1] = ('data-binary = "@%s/in/%d"'):format(self.directory, i)
    end
  end
  children.write_file(self.directory .. "/curl.conf", table.concat(lines, "\n") .. "\n")
  children.shell(("rm -f %s/out/*; curl --parallel --parallel-immediate --parallel-max 24 -K %s " ..
    "2>&1"):format(self.directory, self.directory .. "/curl.conf"))
  local answers = {}
  for i in ipairs(requests) do
    answers[i] = parse(children.read_file(("%s/out/%d"):format(self.directory, i)) or "")
  end
  return answers
end

-- Sends each request until it has an answer, and one other than "try again"; the answers in order.
function Server:send_all(requests)
  local answers, open = {}, {}
  for i in ipairs(requests) do open[i] = i end
  for _ = 1, 20 do
    local list = {}
    for i, position in ipairs(open) do list[i] = requests[position] end
    local again = {}
    for i, answer in ipairs(#list > 0 and self:send(list) or {}) do
      answers[open[i]] = answer
      if answer.status == 503 or answer.status == 0 then again[#again + 1] = open[i] end
    end
    open = again
  end
  return answers
end

-- Runs fn within a transaction of somebody else's that keeps every writer out.
function Server:with_writer(fn)
  local path, held = self.directory .. "/build/gateway/shop.db", self.directory .. "/held"
  local shell = assert(io.popen(("sqlite3 %s >%s"):format(path, held), "w"))
  shell:write("BEGIN IMMEDIATE;\nSELECT 'held';\n")
  shell:flush()
  for _ = 1, 250 do
    if (children.read_file(held) or "") ~= "" then break end
    os.execute("sleep 0.02")
  end
  local ok, problem = pcall(fn)
  shell:write("ROLLBACK;\n")
  shell:close()
  if not ok then error(problem, 0) end
end

function Server:get(path)
  return self:send{ { "GET", path } }[1]
end

function Server:place(order)
  return self:send{ { "POST", "/orders", cjson.encode(order) } }[1]
end

-- Runs fn(server) with two workers and a shop that fill(inv) has filled, stops them, and lets the
-- file verify itself; then after(inv), if given, looks into it.
function _M.with_server(fill, fn, after)
  children.with_directory(function(directory)
    os.execute("mkdir -p " .. directory .. "/build/gateway")
    local path = directory .. "/build/gateway/shop.db"
    helpers.with_inventory({ path = path }, fill)
    local server = start(directory)
    local ok, problem = pcall(fn, server)
    local stopped, trouble = pcall(server.stop, server)
    if not ok then error(problem, 0) end
    if not stopped then error(trouble, 0) end
    helpers.with_inventory({ path = path, create = false }, function(inv)
      local report = assert(inv:verify())
      assert(report.ok, report.problems[1] and report.problems[1].what)
      if after then after(inv) end
    end)
  end)
end

return _M
