-- PURPOSE: queue the letter of a swap once for its leaf and once for its SIM; the last one ends the subscription.
-- USES: jobs
-- KEYS: 1 documents  2 marks  3 ends  4 subscriptions of the number  5 queue of letters  6 letters
-- ARGV: 1 id  2 leaf  3 token of the SIM  4 letter id  5 letter  6 id of the last letter  7 last letter
--       8 now ms  9 ms that letters are kept
-- RETURNS: {letters queued}
-- EXAMPLE: a swap, of two events left: {1}; the same leaf again: {0}; the next one: {2}, for it ends with it

local left, leaf, sim = string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^(%d+) (%-?%d+) (.*)$')
if not left or tonumber(ARGV[2]) <= tonumber(leaf) then
  return { 0 }
end
if tonumber(redis.call('ZSCORE', KEYS[3], ARGV[1]) or '0') <= tonumber(ARGV[8]) then
  return { 0 }
end
if sim == ARGV[3] then
  redis.call('HSET', KEYS[2], ARGV[1], left .. ' ' .. ARGV[2] .. ' ' .. sim)
  return { 0 }
end
put_job(KEYS[5], KEYS[6], ARGV[4], ARGV[5], ARGV[8])
local queued = 1
if left == '1' then
  put_job(KEYS[5], KEYS[6], ARGV[6], ARGV[7], ARGV[8] + 1)
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('SREM', KEYS[4], ARGV[1])
  queued = 2
else
  local now_left = string.format('%d', math.max(tonumber(left) - 1, 0))
  redis.call('HSET', KEYS[2], ARGV[1], now_left .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
end
redis.call('PEXPIRE', KEYS[5], ARGV[9])
redis.call('PEXPIRE', KEYS[6], ARGV[9])
return { queued }
