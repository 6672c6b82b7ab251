-- PURPOSE: take a message in the bank's own words: keep it sealed, with the job that relays it and its event.
-- USES: events jobs windows messages
-- KEYS: 1 installation marker  2 message  3 guesses  4 messages window  5 refusal counts
--       6 events  7 seq  8 queue  9 bodies
-- ARGV: 1 installation id  2 now ms or ''  3 request id  4 subject (JSON)  5 shard
--       6 messages windows  7 most jobs of the shard that are due  8 send at ms or 0  9 validity ms
--       10 job id  11 job body  12 facts (JSON)  13 facts of a refusal (JSON)
--       14 job id for refusals  15 job body for refusals (with @window@)
--       16 face  17 account  18 reference  19 sender  20 purpose  21 '1' where a report is wanted
--       22 segments  23 sealed text  24 number
-- RETURNS: {'taken'} also where it was taken before | {'other_store'} | {'frozen'} | {'queue_full'} |
--          {'limit', window, ms}
-- EXAMPLE: a first message on an empty store with marker 'i1': {'taken'}

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'other_store' }
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  return { 'taken' }
end
local now = now_ms(ARGV[2])
local frame = { stream = KEYS[6], seq = KEYS[7], shard = ARGV[5], subject = ARGV[4], now = now }
local state = redis.call('HGET', KEYS[3], 'x')
if state == 'z' then
  return { 'frozen' }
end
if redis.call('ZCOUNT', KEYS[8], '-inf', whole(now)) >= tonumber(ARGV[7]) then
  return { 'queue_full' }
end
local function refused(window, span, retry, record_only)
  local body = string.gsub(ARGV[15], '@window@', window)
  refuse(frame, KEYS[5], KEYS[8], KEYS[9], window, span, retry, ARGV[13], body, ARGV[14] .. window, record_only)
end
local full, retry = pass_windows(KEYS[4], ARGV[6], now, ARGV[3], refused)
if full then
  return { 'limit', full, retry }
end

local due = math.max(now, tonumber(ARGV[8]))
local expires = due + tonumber(ARGV[9])
redis.call('HSET', KEYS[2], 'st', due > now and 'deferred' or 'queued', 'face', ARGV[16], 'acc', ARGV[17],
  'ref', ARGV[18], 'snd', ARGV[19], 'pur', ARGV[20], 'rep', ARGV[21], 'segs', ARGV[22], 'txt', ARGV[23], 'num', ARGV[24],
  'taken', whole(now), 'due', whole(due), 'exp', whole(expires), 'why', '')
redis.call('PEXPIRE', KEYS[2], expires - now + MESSAGE_KEPT)
put_job(KEYS[8], KEYS[9], ARGV[10], ARGV[11], due)
emit(frame, 'message_taken', ARGV[12], { due_at_ms = due, expires_at_ms = expires })
return { 'taken' }
