-- PURPOSE: make an offered authenticator the one in force by its first code, or count a wrong one.
-- The code that confirms it is taken: its time step is good for nothing else.
-- USES: events budget slots
-- KEYS: 1 authenticator  2 bucket of records  3 guesses  4 events  5 seq  6 installation marker
-- ARGV: 1 now ms or ''  2 request id  3 subject (JSON)  4 shard  5 field of the record  6 record as it was read
--       7 id of the offer  8 time step whose code it was, '' where it was none's  9 life of an offer ms
--       10 wrong codes that end an offer  11 facts (JSON)  12 installation id
-- RETURNS: {'confirmed', ms} | {'wrong', codes left} | {'no_offer'} | {'moved'} | {'frozen'} | {'other_store'}
-- EXAMPLE: the code of an offer: {'confirmed', 1700000060000}; the same request again: the same

if is_other_store(KEYS[6], ARGV[12]) then
  return { 'other_store' }
end
local app = redis.call('HMGET', KEYS[1], 'st', 'id', 'since', 'wrong', 'rq')
local memory = { rq = app[5] or '' }
local before = remembered(memory, ARGV[2])
if before then
  local status, number = string.match(before, '^(%a+):(%d+)$')
  return { status, tonumber(number) }
end
local now = now_ms(ARGV[1])
if app[1] ~= 'offered' or app[2] ~= ARGV[7] or tonumber(app[3]) + tonumber(ARGV[9]) <= now then
  return { 'no_offer' }
elseif freeze_of(KEYS[3]) then
  return { 'frozen' }
elseif (redis.call('HGET', KEYS[2], ARGV[5]) or '') ~= ARGV[6] then
  return { 'moved' }
end
if ARGV[8] == '' then
  local wrong = tonumber(app[4]) + 1
  local left = math.max(tonumber(ARGV[10]) - wrong, 0)
  redis.call('HSET', KEYS[1], 'wrong', whole(wrong), 'st', left == 0 and 'ended' or 'offered',
    'rq', with_memory(memory, ARGV[2], 'wrong:' .. whole(left)))
  return { 'wrong', left }
end
redis.call('HSET', KEYS[1], 'st', 'active', 'since', whole(now), 'last', ARGV[8],
  'rq', with_memory(memory, ARGV[2], 'confirmed:' .. whole(now)))
redis.call('HDEL', KEYS[1], 'wrong')
redis.call('PERSIST', KEYS[1])
emit({ stream = KEYS[4], seq = KEYS[5], shard = ARGV[4], subject = ARGV[3], now = now },
  'authenticator_confirmed', ARGV[11], { authenticator = ARGV[7] })
return { 'confirmed', now }
