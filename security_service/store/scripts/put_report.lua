-- PURPOSE: keep what an account is to be told until it comes for it; the oldest go where there are too many.
-- USES: events jobs
-- KEYS: 1 queue of the account  2 bodies of the account
-- ARGV: 1 now ms or ''  2 report id  3 body  4 ms that an account may stay away  5 most that are kept
-- RETURNS: {how many were dropped}
-- EXAMPLE: a first report: {0}; the same again: {0}, and there still is one

local now = now_ms(ARGV[1])
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then
  put_job(KEYS[1], KEYS[2], ARGV[2], ARGV[3], now)
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[5])
if over <= 0 then
  return { 0 }
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, over - 1)) do
  drop_job(KEYS[1], KEYS[2], id)
end
return { over }
