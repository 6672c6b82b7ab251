-- PURPOSE: a person freezes a subscriber: disabled until a person unlocks, and every code, ticket and message
-- that waits for another channel is dead for good, even after that: `check` and `take_sealed` compare the moment.
-- USES: events
-- KEYS: 1 guesses  2 events  3 seq  4 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 how many events  5… kind, facts of each;
--       last the installation id
-- RETURNS: {1}, or {0} where it was frozen before | {'other_store'}
-- EXAMPLE: the first call {1}; at once again {0}; after an unlock {1} again

if is_other_store(KEYS[4], ARGV[#ARGV]) then
  return { 'other_store' }
end
if redis.call('HGET', KEYS[1], 'x') == 'z' then
  return { 0 }
end
local now = now_ms(ARGV[1])
redis.call('HSET', KEYS[1], 'x', 'z', 'z', whole(now))
redis.call('PERSIST', KEYS[1])
emit_given({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now },
  ARGV, 5, tonumber(ARGV[4]))
return { 1 }
