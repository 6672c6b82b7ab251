-- PURPOSE: the load of one benchmark for wrk: each request is about a number of its own.
-- Arguments: operation or stub path, first number, numbers a thread, API key. Prints one line of JSON.
-- The arithmetic of codes is that of subjects.py.

local threads = 0

function setup(thread)
  thread:set('place', threads)
  threads = threads + 1
end

local path, number, headers, body_of

local bodies = {
  CheckCode = function(n)
    return string.format('{"DestinationNumber":"%.0f","Code":"%06.0f"}', n, (n * 7919 + 13) % 1000000)
  end,
  GenerateCode = function(n)
    return string.format('{"DestinationNumber":"%.0f"}', n)
  end,
  ['rest/v2/Sms/Send'] = function(n)
    return string.format('SourceAddress=ETALON&DestinationAddress=%.0f&Data=000000&Validity=5', n)
  end,
}
bodies.bare = bodies.CheckCode
bodies.bare_trip = bodies.CheckCode

function init(args)
  path = '/' .. args[1]
  number = tonumber(args[2]) + place * tonumber(args[3])
  body_of = bodies[args[1]]
  headers = { ['X-ApiKey'] = args[4], ['Content-Type'] = 'application/json' }
end

function request()
  local body = body_of(number)
  number = number + 1
  return wrk.format('POST', path, headers, body)
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"calls":%d,"failed":%d,"microseconds":%d,"p50":%d,"p99":%d,"slowest":%d}\n',
    summary.requests, e.connect + e.read + e.write + e.timeout + e.status, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max))
end
