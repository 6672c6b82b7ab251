-- PURPOSE: read a relayed message whose time has come, and what the gate decides on; changes nothing.
-- USES: events windows
-- KEYS: 1 installation marker  2 message  3 bucket of records  4 guesses  5 unverified sends
-- ARGV: 1 installation id  2 now ms or ''  3 field of the record
-- RETURNS: {'due', now, record, unverified in 24 h, '1' where frozen, fields and values of the message…} |
--          {'other_store'} | {'in_hand', ms of the lease} | {'lease_lost'} | {'not_due'}
-- EXAMPLE: a message that was just taken: {'due', 1700000000000, '', 0, '', 'st', 'queued', …}

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'other_store' }
end
local now = now_ms(ARGV[2])
local state, lease = unpack(redis.call('HMGET', KEYS[2], 'st', 'lease'))
if state == 'sending' then
  local left = tonumber(lease) - now
  if left > 0 then
    return { 'in_hand', left }
  end
  return { 'lease_lost' }
end
if state ~= 'queued' and state ~= 'deferred' and state ~= 'held' then
  return { 'not_due' }
end
local unverified = 0
for _, entry in ipairs(redis.call('LRANGE', KEYS[5], 0, 63)) do
  if stamp_of(entry) + 86400000 > now then
    unverified = unverified + 1
  end
end
local is_frozen = redis.call('HGET', KEYS[4], 'x') == 'z'
local answer = { 'due', now, redis.call('HGET', KEYS[3], ARGV[3]) or '', unverified,
  is_frozen and '1' or '' }
for _, word in ipairs(redis.call('HGETALL', KEYS[2])) do
  answer[#answer + 1] = word
end
return answer
