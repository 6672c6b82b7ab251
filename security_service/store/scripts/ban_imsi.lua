-- PURPOSE: ban an IMSI for a tenant, or lift its ban, with the event. A ban that a person lifted is not
-- put back by the case that it came from, for the job of a case may come twice.
-- USES: events
-- KEYS: 1 bans  2 count of their changes  3 events  4 seq  5 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 field  5 'ban' or 'lift'  6 case
--       7 what follows in the entry (JSON)  8 facts (JSON)  9 installation id
-- RETURNS: {1}, or {0} where it is so already or the case's ban was lifted | {'other_store'}
-- EXAMPLE: ban by case 's042-7': {1}; again {0}; lift {1}; ban by the same case again: {0}

if is_managed_elsewhere(KEYS[5], ARGV[9]) then
  return { 'other_store' }
end
local now = now_ms(ARGV[1])
local mark, case = string.match(redis.call('HGET', KEYS[1], ARGV[4]) or '', '^([bl]) (%S+)')
if ARGV[5] == 'ban' and (mark == 'b' or case == ARGV[6]) or ARGV[5] == 'lift' and mark ~= 'b' then
  return { 0 }
end
local entry = (ARGV[5] == 'ban' and 'b ' or 'l ') .. ARGV[6] .. ' ' .. whole(now) .. ' ' .. ARGV[7]
redis.call('HSET', KEYS[1], ARGV[4], entry)
redis.call('INCR', KEYS[2])
emit({ stream = KEYS[3], seq = KEYS[4], shard = ARGV[3], subject = ARGV[2], now = now },
  ARGV[5] == 'ban' and 'imsi_banned' or 'imsi_unbanned', ARGV[8], nil)
return { 1 }
