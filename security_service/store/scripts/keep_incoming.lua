-- PURPOSE: keep an incoming message of a tenant once, for so long; older ones go.
-- KEYS: 1 messages by number  2 their times  3 the last number  4 mark of the provider's id
-- ARGV: 1 mark's value  2 sealed message  3 its Unix ms  4 oldest Unix ms that is kept  5 ms that all of it is kept
-- RETURNS: {number}, or {0} where it was kept before
-- EXAMPLE: a first message: {1}; the provider brings it again: {0}

if not redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[5], 'NX') then
  return { 0 }
end
local number = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[1], number, ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], number)
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[4], 'LIMIT', 0, 100)) do
  redis.call('HDEL', KEYS[1], old)
  redis.call('ZREM', KEYS[2], old)
end
for i = 1, 3 do
  redis.call('PEXPIRE', KEYS[i], 2 * tonumber(ARGV[5]))
end
return { number }
