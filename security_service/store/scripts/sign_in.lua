-- PURPOSE: let a person in: a session, the person's record as it becomes (a code is used up), the device
--          known, the places of the attempt given back, with the event. One of two that race is moved.
-- USES: events windows
-- KEYS: 1 people  2 generations  3 session  4 device  5 attempts of the device  6 of the network
--       7 of strangers for the name  8 mark of what lets in once  9 events  10 seq  11 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 name  5 record as it was read, '' where there was none
--       6 record as it becomes  7 idle ms  8 longest ms  9 ms that the device is known  10 request
--       11 ms that the mark stays, '0' for none  12 facts (JSON)  13 installation id
-- RETURNS: {'entered'} | {'moved'} | {'used'} | {'other_store'}
-- EXAMPLE: two sign-ins with one code at once: {'entered'} and {'moved'}

if is_managed_elsewhere(KEYS[11], ARGV[13]) then
  return { 'other_store' }
end
local now = now_ms(ARGV[1])
local name = ARGV[4]
if redis.call('EXISTS', KEYS[3]) == 1 then
  return { 'entered' } -- the same call once more: its reply was lost
end
if (redis.call('HGET', KEYS[1], name) or '') ~= ARGV[5] then
  return { 'moved' }
end
if ARGV[11] ~= '0' and not redis.call('SET', KEYS[8], '1', 'NX', 'PX', tonumber(ARGV[11])) then
  return { 'used' }
end
local idle, longest = tonumber(ARGV[7]), tonumber(ARGV[8])
redis.call('HSET', KEYS[1], name, ARGV[6])
redis.call('HSET', KEYS[3], 'name', name, 'generation', redis.call('HGET', KEYS[2], name) or '0',
  'seen', whole(now), 'ends', whole(now + longest))
redis.call('PEXPIRE', KEYS[3], math.min(idle, longest))
redis.call('SET', KEYS[4], '1', 'PX', tonumber(ARGV[9]))
redis.call('DEL', KEYS[5])
give_window_back(KEYS[6], ARGV[10])
give_window_back(KEYS[7], ARGV[10])
emit({ stream = KEYS[9], seq = KEYS[10], shard = ARGV[3], subject = ARGV[2], now = now }, 'signed_in',
  ARGV[12], nil)
return { 'entered' }
