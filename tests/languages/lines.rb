# Answers lines by the wrapper of docs/ffi.md: see languages.py.
require "doorward"

def failure_of(engine, operation, request)
  engine.call(operation, request)
rescue Doorward::Error => error
  error.body
end

def logged(config)
  records = []
  engine = Doorward.new(config) do |level, record|
    records << { level: level, code: record["code"] }
    raise "a hook that fails"
  end
  failure_of(engine, "verify", { token: "x" })
  engine.close
  { records: records }
end

engine = nil

ask = lambda do |operation, request, now|
  engine.now_ms = now if engine && now
  case operation
  when "open"
    engine = Doorward.new(request, now_ms: now)
    GC.start # what the engine needs must survive
    {}
  when "close" then engine.close || {}
  when "log" then logged(request)
  when "fork"
    read, write = IO.pipe
    child = fork { write.puts(JSON.generate(failure_of(engine, "stats", {}))) }
    Process.wait(child)
    JSON.parse(read.gets)
  when "threads"
    { answers: Array.new(8) { Thread.new { engine.call("hash_password", request) } }.map(&:value) }
  else engine.call(operation, request)
  end
end

$stdout.sync = true
$stdin.each_line do |line|
  operation, request, now = JSON.parse(line).values_at("operation", "request", "now_ms")
  answer = begin
    { status: 0, response: ask.call(operation, request, now) }
  rescue Doorward::Error => error
    { status: error.status, response: error.body }
  end
  puts JSON.generate(answer)
end
