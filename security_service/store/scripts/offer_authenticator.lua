-- PURPOSE: keep the sealed secret of an authenticator that is offered, in place of an earlier offer.
-- A hash: st (offered, active, ended), id, s (sealed secret), since (ms of offer or confirmation), wrong (codes
-- that did not confirm it), last (newest time step whose code was taken), rq (the last eight requests).
-- USES: events budget
-- KEYS: 1 authenticator  2 bucket of records  3 guesses  4 events  5 seq  6 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 field of the record  5 record as it was read
--       6 id of the offer  7 sealed secret  8 life of an offer ms  9 facts (JSON)  10 installation id
-- RETURNS: {'offered', ms at which it ends} | {'moved'} | {'active'} | {'frozen'} | {'other_store'}
-- EXAMPLE: a number without one: {'offered', 1700000600000}

if is_other_store(KEYS[6], ARGV[10]) then
  return { 'other_store' }
end
local life = tonumber(ARGV[8])
local app = redis.call('HMGET', KEYS[1], 'st', 'id', 'since')
if app[2] == ARGV[6] then
  return { 'offered', tonumber(app[3]) + life }
elseif app[1] == 'active' then
  return { 'active' }
elseif freeze_of(KEYS[3]) then
  return { 'frozen' }
elseif (redis.call('HGET', KEYS[2], ARGV[4]) or '') ~= ARGV[5] then
  return { 'moved' }
end
local now = now_ms(ARGV[1])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'st', 'offered', 'id', ARGV[6], 's', ARGV[7], 'since', whole(now), 'wrong', '0', 'last', '0')
redis.call('PEXPIRE', KEYS[1], life + 3600000)
emit({ stream = KEYS[4], seq = KEYS[5], shard = ARGV[3], subject = ARGV[2], now = now },
  'authenticator_offered', ARGV[9], { authenticator = ARGV[6] })
return { 'offered', now + life }
