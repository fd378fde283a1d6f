-- bench_spec.lua: what the benchmark does with the numbers is right: reading what clients print,
-- medians, ratios, bounds and charts; and the bare loop writes what the engine writes. How quick
-- anything is, no spec says.

local parse = require "bench.parse"
local children = require "children"
local helpers = require "helpers"
local stats = require "bench.stats"
local svg = require "bench.svg"

describe("the benchmark", function()
  it("reads the words that a client is told and prints", function()
    assert.same({ at = "x.db", skus = 5, pick = "random" },
      parse.words("at=x.db skus=5 pick=random"))
    local values, why = parse.words("at=x.db fast")
    assert.is_nil(values)
    assert.equal("'fast' is not KEY=VALUE", why)
  end)

  it("takes a client's line of results, and nothing else", function()
    local result = parse.result("done=10 refused=2 seconds=0.500000 p50=3 p99=9\n")
    assert.same({ done = 10, refused = 2, seconds = 0.5, p50 = 3, p99 = 9 }, result)
    local wrong = { "bench: Redis: no such socket\n", "done=soon seconds=1\n", "done=1\n" }
    for _, text in ipairs(wrong) do
      local none, why = parse.result(text)
      assert.is_nil(none)
      assert.equal(text:gsub("\n", ""), why)
    end
    assert.equal("it printed nothing", select(2, parse.result("")))
  end)

  it("runs the rows that are named, or all", function()
    assert.same({ [1] = true, [3] = true }, parse.rows("1,3", 7))
    assert.same({ true, true, true }, parse.rows("", 3))
    assert.same({ true, true, true }, parse.rows(nil, 3))
    for _, text in ipairs{ "8", "0", "1,x", "1.5" } do
      local rows, why = parse.rows(text, 7)
      assert.is_nil(rows)
      assert.truthy(why:find("only 1 to 7", 1, true))
    end
  end)

  it("takes medians and ranges and leaves the list as it was", function()
    local list = { 9, 1, 5 }
    assert.equal(5, stats.median(list))
    assert.same({ 1, 9 }, { stats.range(list) })
    assert.same({ 9, 1, 5 }, list)
    assert.equal(3, stats.median{ 4, 2 })
    assert.equal(7, stats.median{ 7 })
    assert.is_nil(stats.median{})
  end)

  it("takes percentiles", function()
    local list = {}
    for i = 1, 200 do list[i] = 201 - i end
    assert.equal(198, stats.percentile(list, 0.99))
    assert.equal(7, stats.percentile({ 7 }, 0.99))
    assert.equal(1, stats.percentile(list, 0))
    assert.is_nil(stats.percentile({}, 0.5))
  end)

  it("adds up what processes did, each by its own clock", function()
    local sum = stats.together{
      { done = 100, refused = 1, seconds = 1 }, { done = 300, refused = 0, seconds = 2 },
    }
    assert.same({ done = 400, refused = 1, rate = 250, slowest = 0.5 }, sum)
    assert.equal(0, stats.together{ { done = 0, refused = 3, seconds = 1 } }.slowest)
  end)

  it("divides our rate by the other's, where there is one", function()
    assert.equal(2.5, stats.ratio(10, 4))
    assert.is_nil(stats.ratio(10, 0))
    assert.is_nil(stats.ratio(nil, 4))
  end)

  it("takes the median of what each round says, not the ratio of the medians", function()
    assert.equal(2, stats.median_ratio({ 20, 2, 200 }, { 10, 1, 50 }))
    assert.is_nil(stats.median_ratio({ 20, 2 }, { 10, 0 }))
  end)

  it("holds ratios against bounds from below, and growth against bounds from above", function()
    assert.is_true(stats.reaches(1.3, 1.3))
    assert.is_false(stats.reaches(1.29, 1.3))
    assert.is_true(stats.reaches(1.3, 1.3, true))
    assert.is_false(stats.reaches(1.31, 1.3, true))
    assert.is_nil(stats.reaches(1, nil))
    assert.is_nil(stats.reaches(nil, 1))
  end)

  it("sets thousands apart", function()
    local cases = { [0] = "0", [999] = "999", [1000] = "1,000", [1234567.4] = "1,234,567",
      [-1000] = "-1,000", [100000] = "100,000" }
    for number, text in pairs(cases) do assert.equal(text, stats.thousands(number)) end
  end)
end)

describe("a chart", function()
  local bars = {
    { label = "Quartermaster", value = 50, text = "50", ours = true },
    { label = "R & <D>", value = 100, text = "100 (0.50)", bound = 200 },
  }

  local function widths_of(text, colour)
    local list = {}
    for width in text:gmatch('width="([%d.]+)" height="[%d.]+" fill="' .. colour .. '"') do
      list[#list + 1] = tonumber(width)
    end
    return list
  end

  it("has a bar for each line, in proportion, and the bound within the picture", function()
    local text = svg.chart("rates", "orders/s", bars)
    local ours, other = widths_of(text, "#1f6f8b"), widths_of(text, "#b8c4cc")
    assert.equal(1, #ours)
    assert.equal(1, #other)
    assert.equal(other[1], ours[1] * 2)
    local bound = tonumber(text:match('<rect x="([%d.]+)"[^>]*fill="#c0392b"'))
    assert.truthy(bound < tonumber(text:match('viewBox="0 0 (%d+)')))
  end)

  it("is XML: names are escaped, and every element is closed", function()
    local text = svg.chart('"rates"', "orders/s", bars)
    assert.truthy(text:find("R &amp; &lt;D&gt;", 1, true))
    assert.truthy(text:find("&quot;rates&quot;", 1, true))
    local opened, closed = children.count_of(text, "<%a"), children.count_of(text, "/>")
    assert.equal(opened, closed + children.count_of(text, "</%a"))
  end)

  it("can be drawn of nothing", function()
    for _, empty in ipairs{ {}, { { label = "none", value = 0, text = "0" } } } do
      local text = svg.chart("oversold", "units", empty)
      assert.truthy(text:find("</svg>", 1, true))
      assert.falsy(text:find("nan", 1, true) or text:find("inf", 1, true))
    end
  end)
end)

-- All that an order leaves in a file, but for the time and the hash of the request.
local LEFT = [[
  SELECT id, kind, CAST(ext_id AS text), order_id, stock, hex(answer) FROM document;
  SELECT * FROM orders; SELECT * FROM line; SELECT * FROM balance;
  SELECT event, document, line, product, stock, source, reserved, moved, qty, note FROM ledger
    WHERE document IS NOT NULL;
]]

-- The loop needs a compiler, and is the same under every host and sanitizer: once is enough.
if not os.getenv("QM_BUILD") then
  describe("the bare loop", function()
    it("writes the rows that place writes, and verify finds nothing wrong", function()
      children.with_directory(function(directory)
        local ours, bare = directory .. "/ours.db", directory .. "/bare.db"
        helpers.with_inventory({ path = ours }, function(inv)
          assert(inv.products:save{ { sku = "sku-1" }, { sku = "sku-2" } })
          assert(inv.items:save{ { sku = "sku-1", qty = 9 }, { sku = "sku-2", qty = 1 } })
        end)
        children.run(("cp %s %s"):format(ours, bare))
        helpers.with_inventory({ path = ours }, function(inv)
          for number, sku in ipairs{ "sku-1", "sku-2", "sku-1" } do
            assert(inv:place{ id = "o-" .. number, stock = 1, lines = { { sku = sku, qty = 1 } } })
          end
        end)
        local printed, code = children.run(("make -s build/bench/bare && build/bench/bare at=%s "
          .. "name=o count=4 skus=2 pick=sequential batch=2"):format(bare))
        assert.equal(0, code, printed)
        local result = assert(parse.result(printed))
        assert.same({ 3, 1 }, { result.done, result.refused })
        helpers.with_inventory({ path = bare }, function(inv)
          assert.is_true(inv:verify().ok)
          assert.equal("NOT_ENOUGH", select(3, inv:can_sell("sku-2", { stock = 1 }, 1)))
        end)
        local left = children.run(("sqlite3 %s '%s'"):format(ours, LEFT))
        assert.truthy(left:find("o-3", 1, true), left)
        assert.equal(left, (children.run(("sqlite3 %s '%s'"):format(bare, LEFT))))
      end)
    end)
  end)
end
