-- demo_spec.lua: the example shop and the demo that newcomers run first.

local DEMO = "examples/demo.lua"

-- The interpreter that runs this spec, as the shell would start it.
local function interpreter()
  local index = 0
  while arg[index - 1] do index = index - 1 end
  return arg[index]
end

local function is_built(host)
  local file = io.open(("build/%s/quartermaster/core.so"):format(host), "rb")
  if file then file:close() end
  return file ~= nil
end

local function hosts()
  local list = { interpreter() }
  for _, host in ipairs { "lua5.4", "luajit" } do
    if is_built(host) then list[#list + 1] = host end
  end
  return list
end

local ROOT = assert(io.popen("pwd")):read("*l")

-- Newcomers have no environment, so neither has the demo here: it finds what `make` built.
-- Where only a special build exists (sanitizers) it is given the one that runs this spec.
local ENVIRONMENT = "unset LUA_PATH LUA_CPATH"
if os.getenv("QM_BUILD") or not is_built(rawget(_G, "jit") and "luajit" or "lua5.4") then
  local module = assert(package.searchpath("quartermaster.core", package.cpath))
  ENVIRONMENT = ("export LUA_CPATH='%s/%s'")
    :format(ROOT, (module:gsub("quartermaster/core%.so$", "?.so")))
end

-- Runs a command in a directory; its output and exit status.
local function run(host, arguments, directory)
  local pipe = assert(io.popen(("%s; cd '%s' && %s %s 2>&1; echo status $?")
    :format(ENVIRONMENT, directory or ROOT, host, arguments)))
  local output = pipe:read("*a")
  pipe:close()
  local text, status = output:match("^(.*)status (%d+)\n$")
  return text, tonumber(status)
end

-- The part of the demo's output that the seed alone decides: no progress, no time.
local function story(text)
  return text:match("Imported.*Verified[^\n]*")
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

describe("the example shop", function()
  it("is what the generator makes, on every host", function()
    local directory = os.tmpname()
    os.remove(directory)
    assert(os.execute(("mkdir %s"):format(directory)))
    for _, host in ipairs(hosts()) do
      assert.same({ "", 0 }, { run(host, ("examples/generate.lua %s"):format(directory)) })
      for _, name in ipairs { "sources", "stocks", "products", "stock_sources", "cities" } do
        local path = ("%s/%s.csv"):format(directory, name)
        assert.is_true(read_file(path) == read_file(("examples/%s.csv"):format(name)), name)
        os.remove(path)
      end
    end
    os.remove(directory)
  end)
end)

describe("the demo", function()
  local text, status

  setup(function()
    text, status = run(interpreter(), DEMO .. " --orders 100")
  end)

  it("ends well", function()
    assert.equal(0, status, text)
  end)

  it("imports the whole shop", function()
    assert.matches("sources +10 +10 +0\n", text)
    assert.matches("stocks +2 +2 +0\n", text)
    assert.matches("products +2000 +2000 +0\n", text)
    assert.matches("stock_sources +(%d+) +%1 +0\n", text)
  end)

  it("accounts for every order", function()
    local orders, sold, refused = text:match("Orders: (%d+), of these (%d+) sold and (%d+) refused")
    assert.same({ 100, 100 }, { tonumber(orders), sold + refused })
    assert.is_true(tonumber(sold) > 50)
    local reasons = 0
    for count in text:gmatch("\n +(%d+)  [A-Z_]+ +order%-%d+: ") do reasons = reasons + count end
    assert.equal(tonumber(refused), reasons)
  end)

  it("ships, and finds the books in order", function()
    assert.matches("newark +Newark +%d+", text)
    assert.matches("Verified from the ledger: ok", text)
    assert.matches("orders per second", text)
    assert.matches("README", text)
  end)

  it("tells the same story on every host", function()
    for _, host in ipairs(hosts()) do
      assert.equal(story(text), story((run(host, DEMO .. " --orders 100"))))
    end
  end)

  it("tells another story for another seed", function()
    assert.not_equal(story(text), story((run(interpreter(), DEMO .. " --orders 100 --seed 2"))))
  end)

  it("runs from any directory", function()
    local output, code = run(interpreter(), ("'%s/%s' --orders 3"):format(ROOT, DEMO), "/")
    assert.equal(0, code, output)
    assert.matches("Orders: 3,", output)
  end)

  it("keeps the inventory on request, and never writes into one that exists", function()
    local path = os.tmpname()
    os.remove(path)
    local output, code = run(interpreter(), ("%s --orders 3 --keep %s"):format(DEMO, path))
    assert.equal(0, code)
    assert.matches(path, output, 1, true)
    local before = read_file(path)
    output, code = run(interpreter(), ("%s --orders 3 --keep %s"):format(DEMO, path))
    assert.equal(1, code)
    assert.matches("exists already", output)
    assert.is_true(before == read_file(path))
    for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(path .. suffix) end
  end)

  it("explains itself", function()
    local output, code = run(interpreter(), DEMO .. " --help")
    assert.equal(0, code)
    assert.matches("%-%-orders N", output)
    for _, wrong in ipairs { "--orders", "--orders x", "--seed -1", "--keep", "--what" } do
      output, code = run(interpreter(), DEMO .. " " .. wrong)
      assert.same({ 2, true }, { code, output:find("usage:", 1, true) ~= nil })
    end
  end)
end)
