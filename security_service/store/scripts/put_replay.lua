-- PURPOSE: keep one step of a replay where no other process has written that step, with its event at the end.
-- USES: events
-- KEYS: 1 replay  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 revision of this step, 1 for the first  5 run (JSON)
--       6 life in ms  7 event kind or '' (none)  8 facts (JSON)  9 installation id
-- RETURNS: {1}, or {0} where another process wrote this step, or the run is gone | {'other_store'}
-- EXAMPLE: two processes that take step 4 of one run: the first gets {1}, the second {0}

if is_managed_elsewhere(KEYS[4], ARGV[9]) then
  return { 'other_store' }
end
local known = tonumber(redis.call('HGET', KEYS[1], 'revision') or '0')
if known + 1 ~= tonumber(ARGV[4]) then
  return { 0 }
end
redis.call('HSET', KEYS[1], 'revision', ARGV[4], 'run', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
if ARGV[7] ~= '' then
  emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
    ARGV[7], ARGV[8], nil)
end
return { 1 }
