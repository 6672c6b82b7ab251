-- PURPOSE: set what people want of a bulk re-verification: that it goes on, pauses or stops; with the event.
-- USES: events
-- KEYS: 1 run  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 state  5 facts (JSON)  6 installation id
-- RETURNS: {1}, or {0} where the run is gone, stopped, all asked, or in that state | {'other_store'}
-- EXAMPLE: a run that was stopped is to go on: {0}

if is_managed_elsewhere(KEYS[4], ARGV[6]) then
  return { 'other_store' }
end
local state = redis.call('HGET', KEYS[1], 'state')
if redis.call('EXISTS', KEYS[1]) == 0 or state == 'stopped' or state == 'done'
  or (state or 'running') == ARGV[4] then
  return { 0 }
end
redis.call('HSET', KEYS[1], 'state', ARGV[4])
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  'bulk_reverify', ARGV[5], nil)
return { 1 }
