-- PURPOSE: keep one step of an import or a bulk re-verification where no other process has written that step,
-- with lines beside it (rows that were refused) and an event.
-- USES: events
-- KEYS: 1 run  2 runs by the time they began  3 lines beside it  4 events  5 seq  6 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 revision of this step, 1 for the first  5 run id
--       6 run (JSON)  7 life ms  8 event kind or '' (none)  9 facts (JSON)  10 most lines kept
--       11… lines, last the installation id
-- RETURNS: {1, now ms}, or {0, now ms} where another process wrote this step, or the run is gone | {'other_store'}
-- EXAMPLE: the first step of a run whose id another has: {0, 1700000000000}

if is_managed_elsewhere(KEYS[6], ARGV[#ARGV]) then
  return { 'other_store' }
end
local now, life = now_ms(ARGV[1]), tonumber(ARGV[7])
local known = tonumber(redis.call('HGET', KEYS[1], 'revision') or '0')
if known + 1 ~= tonumber(ARGV[4]) then
  return { 0, now }
end
if known == 0 then
  redis.call('HSET', KEYS[1], 'began', whole(now))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now - life))
  redis.call('ZADD', KEYS[2], whole(now), ARGV[5])
  redis.call('PEXPIRE', KEYS[2], life)
end
redis.call('HSET', KEYS[1], 'revision', ARGV[4], 'run', ARGV[6], 'told', whole(now))
redis.call('PEXPIRE', KEYS[1], life)
local room = tonumber(ARGV[10]) - redis.call('LLEN', KEYS[3])
for place = 11, math.min(#ARGV - 1, 10 + room) do
  redis.call('RPUSH', KEYS[3], ARGV[place])
end
redis.call('PEXPIRE', KEYS[3], life)
if ARGV[8] ~= '' then
  emit({ stream = KEYS[4], seq = KEYS[5], shard = ARGV[3], subject = ARGV[2], now = now }, ARGV[8], ARGV[9], nil)
end
return { 1, now }
