-- The house itself: what is exported, what is installed, and that each rule of .ci is a rule, shown
-- by breaking it in a tree made for the purpose.

local HOST = rawget(_G, "jit") and "luajit" or "lua5.4"
local LUA_VERSION = { ["lua5.4"] = "5.4", luajit = "5.1" }

local root -- the working directory, absolute

-- What a command prints on both channels, without the last end of line, and its exit code. Commands
-- are not the program under test: no sanitizer or make that started this one must reach them.
local function sh(format, ...)
  local command = select("#", ...) > 0 and format:format(...) or format
  local pipe = assert(io.popen(("unset LD_PRELOAD MAKEFLAGS MFLAGS MAKELEVEL QM_BUILD\n" ..
    "{ %s\n} 2>&1; echo \"[$?]\""):format(command)))
  local text = pipe:read("*a")
  pipe:close()
  local output, code = text:match("^(.-)\n?%[(%d+)%]\n$")
  return output, tonumber(code)
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function write(path, text)
  sh("mkdir -p '%s'", path:match("^(.*)/"))
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- Runs a file of assignments and returns what it assigned.
local function load_config(path, environment)
  local chunk
  if rawget(_G, "setfenv") then
    chunk = setfenv(assert(loadfile(path)), environment) -- luacheck: ignore 113
  else
    chunk = assert(loadfile(path, "t", environment))
  end
  chunk()
  return environment
end

local function in_new_directory(run)
  local directory = sh("mktemp -d")
  local ok, problem = pcall(run, directory)
  sh("rm -rf '%s'", directory)
  if not ok then error(problem, 0) end
end

-- Asks a host for the version of the module that lies below PREFIX/share and PREFIX/lib, from a
-- directory where it can find no other.
local function installed_version(host, prefix)
  local version = LUA_VERSION[host]
  return sh(([[cd / && unset LUA_PATH_5_4 LUA_CPATH_5_4
    export LUA_PATH='PREFIX/share/lua/%s/?.lua;PREFIX/share/lua/%s/?/init.lua'
    export LUA_CPATH='PREFIX/lib/lua/%s/?.so'
    %s -e 'io.write(require("quartermaster")._VERSION)']]):gsub("PREFIX", prefix),
    version, version, version, host)
end

setup(function() root = sh("pwd") end)

describe("the module", function()
  for _, host in ipairs { "lua5.4", "luajit" } do
    it("exports nothing but its entry, on " .. host, function()
      local names = sh("nm -D --defined-only build/%s/quartermaster/core.so", host)
      local exported = {}
      for name in names:gmatch(" %u ([%w_]+)") do exported[#exported + 1] = name end
      assert.same({ "luaopen_quartermaster_core" }, exported)
    end)

    it("does not bring a Lua of its own, on " .. host, function()
      local needed = sh("objdump -p build/%s/quartermaster/core.so | grep NEEDED", host)
      assert.truthy(needed:find("libc.so", 1, true), needed)
      assert.falsy(needed:find("lua"))
    end)

    it("loads from where `make install` puts it, on " .. host, function()
      in_new_directory(function(directory)
        local output, code = sh("make install HOST=%s PREFIX=/usr DESTDIR=%s", host, directory)
        assert.equal(0, code, output)
        local version = installed_version(host, directory .. "/usr")
        assert.equal(require("quartermaster")._VERSION, version)
        local share = directory .. "/usr/share/lua/" .. LUA_VERSION[host]
        assert.equal(sh("cd lua && find . -name '*.lua' | sort"),
          sh("cd %s && find . -type f | sort", share))
      end)
    end)
  end

  it("says the version that its header says", function()
    local version = read("src/core/qm.h"):match('QM_VERSION "([^"]+)"')
    assert.equal(version, require("quartermaster")._VERSION)
  end)

  it("installs where it is told to", function()
    in_new_directory(function(directory)
      local output, code = sh("make install LUA_MODULE_DIR=%s/l LUA_CMODULE_DIR=%s/c", directory,
        directory)
      assert.equal(0, code, output)
      assert.equal("./c/quartermaster/core.so", sh("cd %s && find . -name core.so", directory))
      assert.equal("./l/quartermaster/init.lua",
        sh("cd %s && find . -path './l/quartermaster/init.lua'", directory))
    end)
  end)
end)

describe("the build", function()
  it("says in one sentence that headers are missing", function()
    in_new_directory(function(directory)
      local output, code = sh("make -s module CC='cc -nostdinc' OUT=%s", directory)
      assert.equal(2, code)
      assert.equal("The compiler or a library's header for lua5.4 is missing: " ..
        "run `make deps` as root.", output:match("^[^\n]*"))
    end)
  end)

  it("names what is missing and who may install it", function()
    in_new_directory(function(directory)
      write(directory .. "/dpkg-query", "#!/bin/sh\nexit 1\n")
      write(directory .. "/id", "#!/bin/sh\necho 1000\n")
      sh("chmod +x %s/*", directory)
      local output, code = sh("PATH=%s:$PATH .ci/deps demo", directory)
      assert.equal(1, code)
      assert.truthy(output:find("libsqlite3-dev", 1, true))
      assert.truthy(output:find("Run as root: make deps", 1, true))
    end)
  end)

  it("installs nothing that is there", function()
    in_new_directory(function(directory)
      write(directory .. "/dpkg-query", "#!/bin/sh\necho 'ii '\n")
      write(directory .. "/apt-get", "#!/bin/sh\necho apt-get was called\n")
      sh("chmod +x %s/*", directory)
      local output, code = sh("PATH=%s:$PATH .ci/deps test", directory)
      assert.equal("", output)
      assert.equal(0, code)
    end)
  end)
end)

describe("the rockspec", function()
  local path = "rockspec/quartermaster-0.1.0-1.rockspec"

  it("names files that exist, and only libraries that the Makefile links", function()
    local spec = load_config(path, {})
    local core = spec.build.modules["quartermaster.core"]
    local sources = {}
    for name, module in pairs(spec.build.modules) do
      if name ~= "quartermaster.core" then sources[#sources + 1] = module end
    end
    for _, source in ipairs(core.sources) do sources[#sources + 1] = source end
    assert.truthy(#sources > 2)
    for _, source in ipairs(sources) do read(source) end
    local makefile = read("Makefile")
    for _, library in ipairs(core.libraries) do
      assert.truthy(makefile:find("-l" .. library .. "%f[^%w]"), library)
    end
  end)

  -- Compiles everything once more, without sanitizers: once for each host is enough.
  if not os.getenv("QM_BUILD") then
    it("installs with luarocks, without a network", function()
      in_new_directory(function(directory)
        sh("cp -r Makefile LICENSE lua src rockspec %s", directory)
        local output, code = sh("cd %s && luarocks --lua-version %s --tree %s/rocks make " ..
          "--deps-mode=none rockspec/*.rockspec %s", directory, LUA_VERSION[HOST], directory,
          HOST == "luajit" and "LUA_INCDIR=/usr/include/luajit-2.1" or "")
        assert.equal(0, code, output)
        local version = installed_version(HOST, directory .. "/rocks")
        assert.equal(require("quartermaster")._VERSION, version)
      end)
    end)
  end
end)

describe("the editor's list of what scripts may use", function()
  it("is what the sandbox has", function()
    local config = load_config(".luacheckrc", { stds = {}, files = {} })
    local listed = {}
    for key, value in pairs(config.stds.script.read_globals) do
      if type(key) == "number" then listed[#listed + 1] = value end
      for _, name in ipairs(type(value) == "table" and value.fields or {}) do
        listed[#listed + 1] = key .. "." .. name
      end
    end
    local present = { "math.huge", "math.pi" }
    for _, part in ipairs { "", "_math", "_string", "_table" } do
      for name, group in read("src/sandbox/env" .. part .. ".c"):gmatch('{"(%a+)", (%l+)_') do
        present[#present + 1] = (group == "base" and "" or group .. ".") .. name
      end
    end
    table.sort(listed)
    table.sort(present)
    assert.same(present, listed)
  end)
end)

describe("a test run", function()
  -- The last line and the exit code of busted over one file.
  local function busted(text)
    local line, code
    in_new_directory(function(directory)
      write(directory .. "/some_spec.lua", text)
      local output
      output, code = sh("%s /usr/bin/busted %s/some_spec.lua", HOST, directory)
      line = output:match("([^\n]*)$")
    end)
    return line, code
  end

  it("counts what holds", function()
    local line, code = busted("it('holds', function() end) it('too', function() end)")
    assert.equal("2 passed, 0 failed", line)
    assert.equal(0, code)
  end)

  it("counts failures, errors and what is pending as failed", function()
    local line, code = busted([[
      it('holds', function() end)
      it('fails', function() assert.equal(1, 2) end)
      it('raises', function() error({}) end)
      it('waits', function() pending('for better times') end)
      pending('waits as well')
      describe('cannot begin', function()
        setup(function() error('x') end)
        it('never runs', function() end)
      end)
    ]])
    assert.equal("1 passed, 5 failed", line)
    assert.equal(1, code)
  end)

  it("counts a file that does not load", function()
    assert.equal("0 passed, 1 failed", (busted("this is not Lua")))
  end)

  -- A copy of the runner in a tree of its own, whose fuzzers are a script that does what is said.
  local function parts(script)
    local line, code
    in_new_directory(function(directory)
      write(directory .. "/.ci/fuzz", "#!/bin/sh\n" .. script)
      sh("cp .ci/test %s/.ci; chmod +x %s/.ci/*", directory, directory)
      local output
      output, code = sh("%s/.ci/test fuzz fuzz", directory)
      line = output:match("([^\n]*)$")
    end)
    return line, code
  end

  it("adds its parts up", function()
    local line, code = parts("echo 3 passed, 0 failed")
    assert.equal("6 passed, 0 failed", line)
    assert.equal(0, code)
    line, code = parts("echo 3 passed, 2 failed; exit 1")
    assert.equal("6 passed, 4 failed", line)
    assert.equal(1, code)
  end)

  it("counts a part that breaks off, says nothing or runs nothing as failed", function()
    for _, script in ipairs { "exit 3", "exit 0", "echo 0 passed, 0 failed", "echo all is well" } do
      local line, code = parts(script)
      assert.equal("0 passed, 2 failed", line, script)
      assert.equal(1, code, script)
    end
    assert.equal("8 passed, 2 failed", (parts("echo 4 passed, 0 failed; exit 139")))
  end)
end)

describe("lint", function()
  -- A list of pains that is whole, but for the entries that are given.
  local function pains(changes)
    local lines = { "return {" }
    for number = 1, 56 do
      lines[#lines + 1] = changes[number]
        or ('{ %d, "what", "whom", out = "because it is" },'):format(number)
    end
    return table.concat(lines, "\n") .. (changes[57] or "") .. "}\n"
  end

  local function pain(number, rest)
    return pains{ [number] = ('{ %d, "what", "whom", %s },'):format(number, rest) }
  end

  -- The smallest tree that has nothing to complain about.
  local function new_tree(directory)
    sh("ln -s %s/.ci %s/.ci", root, directory)
    write(directory .. "/src/core/qm.h", '#define QM_VERSION "1.2.3"\n')
    write(directory .. "/src/store/store.h", '#include "../core/qm.h"\n')
    write(directory .. "/src/sandbox/sandbox.h", '#include "../lua/compat.h"\n')
    write(directory .. "/src/lua/compat.h", "#include <lua.h>\n")
    write(directory .. "/src/lua/core.c", '#include "../store/store.h"\n#include "compat.h"\n')
    write(directory .. "/lua/quartermaster/meta.lua",
      "---Opens it. More.\nfunction quartermaster.open(x) end\n")
    write(directory .. "/spec/some_spec.lua",
      'it("opens", function() quartermaster.open {} end)\n')
    write(directory .. "/spec/c/test_some.c",
      "TEST(idle) {\n}\nint main(void) {\n  RUN(runs);\n}\n")
    write(directory .. "/spec/pains.lua", pains{
      [3] = '{ 3, "what", "whom", specs = { ["spec/some_spec.lua"] = { "opens" } } },',
      [4] = '{ 4, "what", "whom", specs = { ["spec/c/test_some.c"] = { "runs" } } },',
      [5] = '{ 5, "what", "whom", later = "part 3: more of it" },',
    })
    write(directory .. "/README.md", "Hello\n<!-- api -->\n<!-- /api -->\n")
    write(directory .. "/CHANGELOG.md", "# Changes\n\n## 1.2.3\n\n## 1.2.2\n")
    write(directory .. "/rockspec/quartermaster-1.2.3-1.rockspec", '\nversion = "1.2.3-1"\n' ..
      '  tag = "v1.2.3"\n    -- Written by `make rockspec`.\n' ..
      "    -- The end of what `make rockspec` writes.\n")
    sh("cd %s && lua5.4 .ci/docs.lua write && lua5.4 .ci/rockspec.lua write", directory)
  end

  local function lint(directory, names)
    return sh("cd %s && lua5.4 .ci/lint.lua %s", directory, names)
  end

  local function long_function(lines)
    return "int f(void) {\n" .. ("  g();\n"):rep(lines - 2) .. "}\n"
  end

  local BREACHES = {
    { "layers", "src/core/a.c", "#include <stdlib.h>", "may not include <stdlib.h>" },
    { "layers", "src/core/a.c", "#include <lua.h>", "may not include <lua.h>" },
    { "layers", "src/core/a.c", "#include <sys/stat.h>", "may not include <sys/stat.h>" },
    { "layers", "src/core/a.c", '#include "../store/store.h"',
      "core may not include src/store/store.h" },
    { "layers", "src/core/select/a.c", '#include "../../lua/compat.h"',
      "core may not include src/lua/compat.h" },
    { "layers", "src/core/a.c", "void *p = malloc(1);", "the core may not call malloc" },
    { "layers", "src/store/a.c", '#include "../sandbox/sandbox.h"',
      "store may not include src/sandbox/sandbox.h" },
    { "layers", "src/store/a.c", "#include <lauxlib.h>", "may not include <lauxlib.h>" },
    { "layers", "src/store/a.c", '#include "../lua/compat.h"',
      "store may not include src/lua/compat.h" },
    { "layers", "src/sandbox/a.c", '#include "../store/store.h"',
      "sandbox may not include src/store/store.h" },
    { "layers", "src/sandbox/a.c", '#include "../lua/core.h"',
      "sandbox may not include src/lua/core.h" },
    { "layers", "src/lua/a.c", "#include <sqlite3.h>", "may not include <sqlite3.h>" },
    { "layers", "src/other/a.c", "", "src/other/a.c is in no layer" },
    { "sql", "src/lua/a.c", 'run("SELECT 1");', "SQL outside of src/store" },
    { "sql", "lua/quartermaster/a.lua", 'run "DELETE FROM item"', "SQL outside of src/store" },
    { "sizes", "src/core/a.c", ("x;\n"):rep(501), "501 lines, the limit is 500" },
    { "sizes", "src/core/a.c", long_function(71), "a function of 71 lines, the limit is 70" },
    { "sizes", "spec/a.lua", "local function f()\n" .. ("  g()\n"):rep(69) .. "end",
      "a function of 71 lines, the limit is 70" },
    { "sizes", "lua/quartermaster/a.lua", ("x"):rep(101), "101 columns, the limit is 100" },
    { "docs", "README.md", "<!-- api -->\n| other |\n<!-- /api -->\n", "run `make docs`" },
    { "docs", "README.md", "Hello\n", "README.md has no lines" },
    { "docs", "lua/quartermaster/meta/more.lua", "---Sells.\nfunction quartermaster.sell(x) end",
      "run `make docs`" },
    { "specs", "spec/some_spec.lua", "quartermaster.opens {}", "no spec calls quartermaster.open" },
    { "pains", "spec/pains.lua", pains{ [7] = "" }, "7: is missing, or not in its place" },
    { "pains", "spec/pains.lua", pains{ [57] = '{ 57, "a", "b", out = "because" }' },
      "57: there are only 56" },
    { "pains", "spec/pains.lua", pains{ [7] = '{ 7, "", "b", out = "because it is" },' },
      "7: says not what happened, or to whom" },
    { "pains", "spec/pains.lua", pain(7, ""), "7: has neither specs nor a reason" },
    { "pains", "spec/pains.lua", pain(7, "specs = {}"), "7: has neither specs nor a reason" },
    { "pains", "spec/pains.lua", pain(7, 'out = "never"'), "7: out gives no reason" },
    { "pains", "spec/pains.lua", pain(7, 'later = "soon"'), "7: later names no part" },
    { "pains", "spec/pains.lua", pain(7, 'spec = "some_spec"'), "7: has no key spec" },
    { "pains", "spec/pains.lua", pain(7, 'specs = { ["spec/a_spec.lua"] = { "opens" } }'),
      "7: there is no spec/a_spec.lua" },
    { "pains", "spec/pains.lua", pain(7, 'specs = { ["spec/some_spec.lua"] = {} }'),
      "7: names no spec of spec/some_spec.lua" },
    { "pains", "spec/pains.lua", pain(7, 'specs = { ["spec/some_spec.lua"] = { "ope" } }'),
      "7: spec/some_spec.lua has no spec named 'ope'" },
    { "pains", "spec/pains.lua", pain(7, 'specs = { ["spec/c/test_some.c"] = { "idle" } }'),
      "7: spec/c/test_some.c has no spec named 'idle'" },
    { "pains", "spec/some_spec.lua", '-- "opens"', "3: spec/some_spec.lua has no spec named" },
    { "rockspec", "src/core/new.c", "", '"src/core/new.c",; run `make rockspec`' },
    { "rockspec", "lua/quartermaster/new.lua", "", '["quartermaster.new"]' },
    { "version", "src/core/qm.h", '#define QM_VERSION "1.2.4"', "CHANGELOG.md says 1.2.3" },
    { "version", "CHANGELOG.md", "# Changes\n\n## 1.2.2\n", "CHANGELOG.md says 1.2.2" },
    { "words", "src/core/a.c", "/" .. "home/me", "a path of one machine" },
    { "words", "spec/a.lua", "-- TO" .. "DO: later", "something undone" },
    { "words", "stray.txt", "", "stray.txt does not belong at the top" },
  }

  it("finds nothing wrong with a tree that follows the rules", function()
    in_new_directory(function(directory)
      new_tree(directory)
      local output, code =
        lint(directory, "layers sql sizes docs specs pains rockspec version words")
      assert.equal("9 passed, 0 failed", output:match("([^\n]*)$"), output)
      assert.equal(0, code)
    end)
  end)

  it("allows what is just within the limits", function()
    in_new_directory(function(directory)
      new_tree(directory)
      write(directory .. "/src/core/a.c",
        long_function(70) .. ("x;\n"):rep(429) .. ("x"):rep(100) .. "\n")
      local output = lint(directory, "sizes")
      assert.equal("1 passed, 0 failed", output:match("([^\n]*)$"), output)
    end)
  end)

  for _, breach in ipairs(BREACHES) do
    local name, path, text, expected = breach[1], breach[2], breach[3], breach[4]
    it(("finds in %s (%s): %s"):format(path, name, expected), function()
      in_new_directory(function(directory)
        new_tree(directory)
        write(directory .. "/" .. path, text)
        local output, code = lint(directory, name)
        assert.truthy(output:find("FAILED " .. name .. ": ", 1, true), output)
        assert.truthy(output:find(expected, 1, true), output)
        assert.equal("0 passed, 1 failed", output:match("([^\n]*)$"))
        assert.equal(1, code)
      end)
    end)
  end

  it("writes one row for each call", function()
    in_new_directory(function(directory)
      new_tree(directory)
      assert.equal("Hello\n<!-- api -->\n| `quartermaster` | |\n|---|---|\n" ..
        "| `quartermaster.open(x)` | Opens it. |\n<!-- /api -->\n", read(directory .. "/README.md"))
    end)
  end)
end)
