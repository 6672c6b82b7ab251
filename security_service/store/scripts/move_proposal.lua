-- PURPOSE: take a proposal from the state that it must be in to another, with its event.
-- A decision comes before the proposal's time is over; what was approved is told of whenever it was done.
-- USES: events
-- KEYS: 1 proposal  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 state before  5 state after  6 by whom
--       7 reason of a rejection, or result  8 event kind  9 facts (JSON)  10 installation id
-- RETURNS: {1}, or {0} where it has left that state or its time is over | {'other_store'}
-- EXAMPLE: two people approve at once: one gets {1}, the other {0}

if is_managed_elsewhere(KEYS[4], ARGV[10]) then
  return { 'other_store' }
end
local now = now_ms(ARGV[1])
local held = redis.call('HMGET', KEYS[1], 's', 'x')
if held[1] ~= ARGV[4] or (ARGV[4] == 'waiting' and tonumber(held[2]) <= now) then
  return { 0 }
end
if ARGV[4] == 'waiting' then
  redis.call('HSET', KEYS[1], 's', ARGV[5], 'd', ARGV[6], 'dt', whole(now), 'w', ARGV[7])
else
  redis.call('HSET', KEYS[1], 's', ARGV[5], 'r', ARGV[7])
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now }, ARGV[8], ARGV[9], nil)
return { 1 }
