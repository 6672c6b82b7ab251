-- PURPOSE: end a relayed message that has not left.
-- USES: events jobs messages
-- KEYS: 1 message  2 events  3 seq  4 queue  5 bodies
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 job id  5 facts (JSON)  6 report job id  7 report job body
-- RETURNS: {1}, or {0} where it is being sent, has left, has ended, or never was
-- EXAMPLE: a deferred message: {1}; the same again: {0}

local state = redis.call('HGET', KEYS[1], 'st')
if state ~= 'queued' and state ~= 'deferred' and state ~= 'held' then
  return { 0 }
end
local now = now_ms(ARGV[1])
drop_job(KEYS[4], KEYS[5], ARGV[4])
end_message(KEYS[1], 'withdrawn', '', now, { queue = KEYS[4], bodies = KEYS[5], id = ARGV[6], body = ARGV[7] })
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now },
  'message_withdrawn', ARGV[5], nil)
return { 1 }
