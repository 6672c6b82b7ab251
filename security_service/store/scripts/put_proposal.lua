-- PURPOSE: keep a proposal that waits for a second person, with its event.
-- USES: events
-- KEYS: 1 proposal  2 the tenant's proposals by their time  3 events  4 seq  5 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 proposal id  5 body (JSON)  6 waits for ms
--       7 kept for ms  8 facts (JSON)  9 installation id
-- RETURNS: {now ms} | {'other_store'}
-- EXAMPLE: 'p1' that waits for a day: {1700000000000}; it expires at 1700086400000

if is_managed_elsewhere(KEYS[5], ARGV[9]) then
  return { 'other_store' }
end
local now = now_ms(ARGV[1])
local kept = tonumber(ARGV[7])
redis.call('HSET', KEYS[1], 'b', ARGV[5], 's', 'waiting', 't', whole(now), 'x', whole(now + tonumber(ARGV[6])))
redis.call('PEXPIRE', KEYS[1], kept)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now - kept))
redis.call('ZADD', KEYS[2], whole(now), ARGV[4])
redis.call('PEXPIRE', KEYS[2], kept)
emit({ stream = KEYS[3], seq = KEYS[4], shard = ARGV[3], subject = ARGV[2], now = now }, 'proposed', ARGV[8], nil)
return { now }
