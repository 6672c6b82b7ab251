-- PURPOSE: keep an incoming message of a tenant once, for so long; older ones go.
-- KEYS: 1 messages by number  2 their times  3 the last number  4 mark of the provider's id
-- ARGV: 1 sealed message  2 its Unix ms  3 oldest Unix ms that is kept  4 ms that all of it is kept
-- RETURNS: {number}, the same one where it was kept before but not dealt with; {0} where it was dealt with
-- EXAMPLE: a first message: {1}; the provider brings it again, for its taking broke off: {1}; once done: {0}

local known = redis.call('GET', KEYS[4])
if known then
  return { known == 'done' and 0 or tonumber(known) }
end
local number = redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[4], number, 'PX', ARGV[4])
redis.call('HSET', KEYS[1], number, ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], number)
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[3], 'LIMIT', 0, 100)) do
  redis.call('HDEL', KEYS[1], old)
  redis.call('ZREM', KEYS[2], old)
end
for i = 1, 3 do
  redis.call('PEXPIRE', KEYS[i], 2 * tonumber(ARGV[4]))
end
return { number }
