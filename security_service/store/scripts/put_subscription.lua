-- PURPOSE: keep a new subscription to a number's SIM swaps, unless its tenant has too many.
-- KEYS: 1 documents  2 marks  3 ends  4 subscriptions of the number
-- ARGV: 1 id  2 document  3 events left, 0: without bound  4 end ms  5 ms that all this is kept  6 most
-- RETURNS: {1}, or {0} where there are too many
-- EXAMPLE: the first one of a tenant: {1}

if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[6]) then
  return { 0 }
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3] .. ' -1 ')
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
redis.call('SADD', KEYS[4], ARGV[1])
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < tonumber(ARGV[5]) then
    redis.call('PEXPIRE', key, ARGV[5])
  end
end
return { 1 }
