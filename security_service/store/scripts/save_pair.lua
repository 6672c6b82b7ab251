-- PURPOSE: write what is known of a pair of gateway and operator, with the event of its move.
-- USES: events
-- KEYS: 1 pairs  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 field (`gateway|operator`)  3 pair (JSON)  4 shard  5 event kind or ''  6 facts (JSON)
--       7 installation id
-- RETURNS: {1} | {'other_store'}
-- EXAMPLE: a pair that falls away: kind 'gateway_away' with its figures

if is_managed_elsewhere(KEYS[4], ARGV[7]) then
  return { 'other_store' }
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
if ARGV[5] ~= '' then
  emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[4], subject = '{}', now = now_ms(ARGV[1]) },
    ARGV[5], ARGV[6], nil)
end
return { 1 }
