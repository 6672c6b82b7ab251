-- PURPOSE: end a flight and leave its answer for those who wait for it; nobody who comes later reads it.
-- KEYS: 1 flight  2 landing
-- ARGV: 1 name of the flight  2 answer
-- RETURNS: {1}, or {0} where the flight was lost
-- EXAMPLE: flight 'a' lands with '{…}': its landing holds '{…}' for five seconds

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 0 }
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', 5000)
return { 1 }
