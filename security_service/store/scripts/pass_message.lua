-- PURPOSE: the gate's verdict on a relayed message: its events, what becomes of the record and the message.
-- USES: events jobs messages
-- KEYS: 1 installation marker  2 message  3 bucket of records  4 unverified sends  5 notice mark
--       6 events  7 seq  8 queue  9 bodies
-- ARGV: 1 installation id  2 now ms or ''  3 request id  4 subject (JSON)  5 shard  6 field of the record
--       7 record as it was read  8 new record or '' (unchanged)  9 sending|held|refused  10 reason
--       11 ms of the lease or of the pause  12 job id  13 report job id  14 report job body
--       15 notice job id or ''  16 notice job body  17 '1' where unverified  18 how many events
--       19 how many jobs  20… kind, facts of each event; then id, body, due ms of each job
-- RETURNS: {'passed'} | {'other_store'} | {'moved', record} | {'overtaken'}
-- EXAMPLE: a queued message that may go: {'passed'}, and its state is 'sending'; a second worker: {'overtaken'}

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'other_store' }
end
local state = redis.call('HGET', KEYS[2], 'st')
if state ~= 'queued' and state ~= 'deferred' and state ~= 'held' then
  return { 'overtaken' }
end
local now = now_ms(ARGV[2])
local frame = { stream = KEYS[6], seq = KEYS[7], shard = ARGV[5], subject = ARGV[4], now = now }
local current = redis.call('HGET', KEYS[3], ARGV[6]) or ''
if current ~= ARGV[7] then
  return { 'moved', current }
end
if ARGV[8] ~= '' then
  redis.call('HSET', KEYS[3], ARGV[6], ARGV[8])
end
local events = tonumber(ARGV[18])
emit_given(frame, ARGV, 20, events)
put_given_jobs(KEYS[8], KEYS[9], now, ARGV, 20 + 2 * events, tonumber(ARGV[19]))
if ARGV[15] ~= '' and redis.call('SET', KEYS[5], '1', 'PX', 86400000, 'NX') then
  put_job(KEYS[8], KEYS[9], ARGV[15], ARGV[16], now)
  emit(frame, 'notice_queued', '', { job = ARGV[15] })
end
if ARGV[9] == 'refused' then
  drop_job(KEYS[8], KEYS[9], ARGV[12])
  end_message(KEYS[2], 'refused', ARGV[10], now,
    { queue = KEYS[8], bodies = KEYS[9], id = ARGV[13], body = ARGV[14] })
  return { 'passed' }
end
local due = now + tonumber(ARGV[11])
redis.call('HSET', KEYS[2], 'st', ARGV[9], 'why', ARGV[10], 'lease', whole(due))
redis.call('ZADD', KEYS[8], 'XX', due, ARGV[12])
if ARGV[17] == '1' then
  redis.call('LPUSH', KEYS[4], whole(now) .. '-' .. ARGV[3])
  redis.call('LTRIM', KEYS[4], 0, 63)
  redis.call('PEXPIRE', KEYS[4], 86400000)
end
return { 'passed' }
