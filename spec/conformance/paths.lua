-- Makes the working tree's own modules, and the core built for the running host, come first, so
-- that the vectors run after a plain `make` without any environment variable. QM_BUILD names
-- another directory of builds, as for the specs.
--
-- Usage: dofile(root .. "/spec/conformance/paths.lua")(root)

return function(root)
  local host = rawget(_G, "jit") and "luajit" or "lua5.4"
  local build = os.getenv("QM_BUILD") or "build"
  package.path = table.concat({
    root .. "/lua/?.lua", root .. "/lua/?/init.lua", root .. "/?.lua", package.path,
  }, ";")
  package.cpath = ("%s/%s/%s/?.so;%s"):format(root, build, host, package.cpath)
end
