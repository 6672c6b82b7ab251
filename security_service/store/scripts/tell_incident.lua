-- PURPOSE: tell of an incident once in a while, however often it is found.
-- USES: events
-- KEYS: 1 mark of the incident  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 milliseconds of silence after it  5 facts (JSON)
--       6 installation id
-- RETURNS: {1}, or {0} where it was told of before | {'other_store'}
-- EXAMPLE: a mass change that goes on for an hour, with an hour of silence: {1}, then {0} at every answer

if is_managed_elsewhere(KEYS[4], ARGV[6]) then
  return { 'other_store' }
end
if not redis.call('SET', KEYS[1], '1', 'PX', ARGV[4], 'NX') then
  return { 0 }
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  'incident', ARGV[5], nil)
return { 1 }
