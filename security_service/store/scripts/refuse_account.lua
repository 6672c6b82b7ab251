-- PURPOSE: count a wrong password of one address; the first of a minute is an event.
-- USES: events
-- KEYS: 1 wrong passwords of the address  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 event kind  5 facts (JSON)  6 installation id
-- RETURNS: {wrong passwords within the minute} | {'other_store'}
-- EXAMPLE: a first wrong password: {1}, and an event; a second one: {2}

if is_managed_elsewhere(KEYS[4], ARGV[6]) then
  return { 'other_store' }
end
local tries = redis.call('INCR', KEYS[1])
if tries == 1 then
  redis.call('PEXPIRE', KEYS[1], 60000)
  emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
    ARGV[4], ARGV[5], nil)
end
return { tries }
