-- Answers lines by the wrapper of docs/ffi.md: see languages.py.
local Doorward = require("doorward")
local ffi = require("ffi")
local json = require("cjson")
ffi.cdef [[ int fork(void); int waitpid(int, int *, int); void _exit(int); ]]

local engine

local function failure_of(operation, request)
  local body, failure = engine:call(operation, request)
  return body or failure.body
end

local function logged(config)
  local records = {}
  local function log(level, record)
    table.insert(records, { level = level, code = record.code })
    error("a hook that fails")
  end
  engine = Doorward.open(config, { log = log })
  -- Often enough for LuaJIT to compile the loop.
  for _ = 1, 200 do failure_of("verify", { token = "x" }) end
  engine:close()
  return { records = { records[1] }, count = #records }
end

local function forked()
  local file = os.tmpname()
  local child = ffi.C.fork()
  if child == 0 then
    local to = io.open(file, "w")
    to:write(json.encode(failure_of("stats")))
    to:close()
    engine = nil
    collectgarbage()
    ffi.C._exit(0)
  end
  ffi.C.waitpid(child, nil, 0)
  local from = io.open(file)
  local body = json.decode(from:read("*a"))
  from:close()
  os.remove(file)
  return body
end

local function ask(operation, request, now)
  if engine and now then engine.clock.now = now end
  if operation == "open" then
    local opened, failure = Doorward.open(request, { now_ms = now })
    engine = opened or engine
    collectgarbage() -- what the engine needs must survive
    return opened and {}, failure
  elseif operation == "close" then
    engine:close()
    return {}
  elseif operation == "log" then
    return logged(request)
  elseif operation == "fork" then
    return forked()
  end
  return engine:call(operation, request)
end

io.stdout:setvbuf("line")
for line in io.lines() do
  local given = json.decode(line)
  local response, failure = ask(given.operation, given.request, given.now_ms)
  local status = response and 0 or failure.status
  print(json.encode({ status = status, response = response or failure.body }))
end
