-- PURPOSE: write what holds for one (source, MCC-MNC) where it still is what was read, with its event.
-- USES: events
-- KEYS: 1 trust  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 field  5 entry as it was read, '' where there was none
--       6 new entry  7 event kind  8 facts (JSON)  9 installation id
-- RETURNS: {1}, or {0} where the entry has moved | {'other_store'}
-- EXAMPLE: two processes that demote one source: the first gets {1}, the second {0}

if is_managed_elsewhere(KEYS[4], ARGV[9]) then
  return { 'other_store' }
end
if (redis.call('HGET', KEYS[1], ARGV[4]) or '') ~= ARGV[5] then
  return { 0 }
end
redis.call('HSET', KEYS[1], ARGV[4], ARGV[6])
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV[7], ARGV[8], nil)
return { 1 }
