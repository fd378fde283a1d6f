-- csv_spec.lua: the CSV reader that imports use.

local core = require "quartermaster.core"

local temporary = {}

local function csv_file(text)
  local path = os.tmpname()
  temporary[#temporary + 1] = path
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

local function remove_files()
  for _, path in ipairs(temporary) do os.remove(path) end
  temporary = {}
end

-- Everything a reader delivers, as "line:field|field", and its failure, as "!CODE line".
local function read_all(text, max)
  local reader = assert(core.csv_open(csv_file(text)))
  local seen = {}
  while true do
    local rows, message, code, detail = reader:read(max or 2)
    if rows == nil then
      if message then seen[#seen + 1] = ("!%s %d"):format(code, detail.line) end
      break
    end
    assert(#rows >= 1 and #rows <= (max or 2))
    for _, row in ipairs(rows) do
      seen[#seen + 1] = row.line .. ":" .. table.concat(row, "|")
    end
  end
  reader:close()
  return seen
end

local CASES = {
  { "splits rows at LF", "a,b\n1,2\n", { "1:a|b", "2:1|2" } },
  { "splits rows at CRLF", "a,b\r\n1,2\r\n", { "1:a|b", "2:1|2" } },
  { "splits rows at CR", "a\rb\rc", { "1:a", "2:b", "3:c" } },
  { "needs no line end at the end of the file", "a,b\n1,2", { "1:a|b", "2:1|2" } },
  { "keeps empty fields, also at the ends", "a,b,c\n,2,\n", { "1:a|b|c", "2:|2|" } },
  { "skips blank lines and counts them", "a\n\n  \r\n\r\nb\n", { "1:a", "5:b" } },
  { "reads quoted commas, quotes and line ends", 'a\n"x,""y""\r\n\r\nz"\nb\n',
    { "1:a", '2:x,"y"\r\n\r\nz', "5:b" } },
  { "counts lines inside quoted fields", '"a\nb",1\n2,"c\n\n"\n3,4\n',
    { "1:a\nb|1", "3:2|c\n\n", "6:3|4" } },
  { "drops blanks around unquoted fields, not inside quotes", ' a b , "  c " \n',
    { "1:a b|  c " } },
  { "skips a byte order mark at the start only", "\239\187\191a\n\239\187\191b\n",
    { "1:a", "2:\239\187\191b" } },
  { "passes bytes through that are not UTF-8", "\255\254,\128\n", { "1:\255\254|\128" } },
  { "delivers nothing of an empty file", "", {} },
  { "delivers nothing of blank lines", "\n\r\n\n", {} },
  { "delivers a row of one empty quoted field", '""\n', { "1:" } },
  { "refuses a quote inside an unquoted field", 'a\nb\nc"d\ne\n', { "1:a", "2:b", "!INVALID 3" } },
  { "refuses text after a closing quote", 'a\n"b"c\n', { "1:a", "!INVALID 2" } },
  { "refuses an unclosed quote and names the row", 'a\n"b\nc\nd\n', { "1:a", "!INVALID 2" } },
  { "refuses a NUL byte", "a\nb\0c\n", { "1:a", "!INVALID 2" } },
  { "refuses a row of more than 1 MiB", "a\n" .. ("b"):rep(1100000) .. "\n",
    { "1:a", "!INVALID 2" } },
  { "refuses a quoted row of many lines and more than 1 MiB",
    'a\n"' .. ("b\n"):rep(550000) .. '"\n', { "1:a", "!INVALID 2" } },
  { "refuses more than 1000 columns", "a\n" .. (","):rep(1000) .. "\n", { "1:a", "!INVALID 2" } },
}

describe("the CSV reader", function()
  after_each(remove_files)

  for _, case in ipairs(CASES) do
    it(case[1], function()
      assert.same(case[3], read_all(case[2]))
      assert.same(case[3], read_all(case[2], 1))
      assert.same(case[3], read_all(case[2], 100))
    end)
  end

  it("takes 1000 columns and a row of nearly 1 MiB", function()
    assert.same({ "1:" .. ("|"):rep(999) }, read_all((","):rep(999) .. "\n"))
    local wide = ("b"):rep(1024 * 1024 - 1)
    assert.same({ "1:" .. wide, "2:" .. wide }, read_all(wide .. "\n" .. wide .. "\n"))
  end)

  it("reads the same wherever the blocks of the file end", function()
    for shift = 0, 12 do
      local text, expected, line = { ("x"):rep(65524 + shift) }, {}, 2
      expected[1] = "1:" .. text[1]
      for _ = 1, 3 do
        text[#text + 1] = '"a\r\n""b""",c'
        expected[#expected + 1] = line .. ':a\r\n"b"|c'
        line = line + 2
      end
      assert.same(expected, read_all(table.concat(text, "\r\n"), 10))
    end
  end)

  it("keeps the bytes of a byte order mark where a later block begins", function()
    local first = ("x"):rep(65535)
    assert.same({ "1:" .. first, "2:\239\187\191b" }, read_all(first .. "\n\239\187\191b"))
  end)

  it("repeats a failure, and the end of the file", function()
    local reader = assert(core.csv_open(csv_file('a"b')))
    for _ = 1, 2 do
      local rows, message, code, detail = reader:read(1)
      assert.is_nil(rows)
      assert.matches("line 1: ", message)
      assert.same({ "INVALID", { line = 1 } }, { code, detail })
    end
    reader:close()
    reader = assert(core.csv_open(csv_file("")))
    for _ = 1, 2 do assert.same({ n = 1 }, { n = select("#", reader:read(1)), reader:read(1) }) end
    reader:close()
  end)

  it("bounds an answer also in bytes", function()
    local row = ("b"):rep(1000000) .. "\n"
    local reader = assert(core.csv_open(csv_file(row:rep(12))))
    local counts = {}
    for _ = 1, 3 do counts[#counts + 1] = #reader:read(100) end
    assert.is_true(counts[1] < 12 and counts[1] >= 1)
    reader:close()
  end)

  it("says why a file cannot be opened or read", function()
    local reader, message, code = core.csv_open("./no/such/file.csv")
    assert.is_nil(reader)
    assert.matches("file.csv", message)
    assert.equal("NOT_FOUND", code)
    reader = assert(core.csv_open("."))
    assert.equal("IO", (select(3, reader:read(1))))
    reader:close()
  end)

  it("closes twice, says so, and raises afterwards", function()
    local reader = assert(core.csv_open(csv_file("a\n")))
    assert.matches("line 1", tostring(reader))
    reader:close()
    reader:close()
    assert.matches("closed", tostring(reader))
    assert.error_matches(function() reader:read(1) end, "closed")
  end)

  it("raises on misuse", function()
    local reader = assert(core.csv_open(csv_file("a\n")))
    for _, max in ipairs { 0, -1, 10001 } do
      assert.error_matches(function() reader:read(max) end, "1 to 10000")
    end
    assert.has_error(function() reader:read() end)
    assert.has_error(function() core.csv_open("a\0b") end)
    assert.has_error(function() core.csv_open({}) end)
    reader:close()
  end)
end)
