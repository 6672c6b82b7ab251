-- PURPOSE: at a window's end, write how many calls it refused after the first.
-- USES: events jobs
-- KEYS: 1 refusal counts  2 events  3 seq  4 queue  5 bodies
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 job id  5 window
-- RETURNS: {how many}, or {-1} where it was written before
-- EXAMPLE: 31 calls in a window of 30: {0}; 40 calls: {9}

if drop_job(KEYS[4], KEYS[5], ARGV[4]) == 0 then
  return { -1 }
end
local refused = (tonumber(redis.call('HGET', KEYS[1], ARGV[5]) or '') or 1) - 1
redis.call('HDEL', KEYS[1], ARGV[5], 'by:' .. ARGV[5])
if refused > 0 then
  emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
    'limit_counted', '', { window = ARGV[5], refused = refused })
end
return { refused }
