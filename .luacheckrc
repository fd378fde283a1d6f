-- Library code runs on Lua 5.4 and on LuaJIT: only what both have, and the few names of one host that
-- portable code asks for before it uses them.
stds.portable = {
  read_globals = {
    "jit", "unpack",
    math = { fields = { "tointeger", "type" } },
    package = { fields = { "searchpath" } },
    table = { fields = { "unpack" } },
  },
}

-- What the sandbox gives to merchants' scripts; a spec compares this list with the sandbox.
stds.script = {
  read_globals = {
    "assert", "error", "ipairs", "pairs", "select", "tonumber", "tostring", "type",
    math = {
      fields = {
        "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log",
        "max", "min", "modf", "pi", "rad", "sin", "sqrt", "tan",
      },
    },
    string = { fields = { "byte", "char", "find", "len", "lower", "rep", "reverse", "sub", "upper" } },
    table = { fields = { "concat", "insert", "remove", "sort", "unpack" } },
  },
}

std = "min+portable"
max_line_length = 100
exclude_files = { "build", "spec/escapes" } -- escapes are hostile scripts, wrong on purpose

files["spec"] = { std = "+busted" }
files[".busted"] = { std = "min" }
files["lua/quartermaster/resty.lua"] = { std = "+ngx_lua" }
files["lua/quartermaster/policy"] = { std = "script" }
files["lua/quartermaster/algorithm"] = { std = "script" }
files["examples/policies"] = { std = "script" }
files["examples/algorithms"] = { std = "script" }
files[".ci"] = { std = "lua54" }

-- Declarations for editors: nothing in them runs, and an annotation cannot be broken into lines.
files["lua/quartermaster/meta.lua"] = { unused = false, max_comment_line_length = false }
files["lua/quartermaster/meta"] = files["lua/quartermaster/meta.lua"]
