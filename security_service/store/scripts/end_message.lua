-- PURPOSE: how sending a relayed message ended, with its event; or it is put back for another try.
-- USES: events jobs messages
-- KEYS: 1 installation marker  2 message  3 events  4 seq  5 queue  6 bodies
-- ARGV: 1 installation id  2 now ms or ''  3 subject (JSON)  4 shard  5 job id
--       6 sent|failed|unknown|expired|queued  7 reason  8 event kind  9 facts (JSON)  10 gateway or ''
--       11 ms until it is due again  12 body of the job for that  13 report job id  14 report job body
--       15 how many jobs  16… id, body, due ms of each job
-- RETURNS: {1}, or {0} where it had ended before (then nothing is written)
-- EXAMPLE: a gateway took it: {1}, and the state is 'sent'; the same again: {0}

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 0 }
end
local before = redis.call('HGET', KEYS[2], 'st')
if not before or MESSAGE_ENDS[before] or before == 'sent' then
  drop_job(KEYS[5], KEYS[6], ARGV[5])
  return { 0 }
end
local now = now_ms(ARGV[2])
if ARGV[6] == 'queued' then
  redis.call('HSET', KEYS[2], 'st', 'queued', 'why', ARGV[7])
  put_job(KEYS[5], KEYS[6], ARGV[5], ARGV[12], now + tonumber(ARGV[11]))
else
  drop_job(KEYS[5], KEYS[6], ARGV[5])
  if ARGV[6] == 'sent' then
    redis.call('HSET', KEYS[2], 'st', 'sent', 'why', '', 'gw', ARGV[10], 'sent', whole(now))
    redis.call('HDEL', KEYS[2], 'txt', 'lease')
  else
    end_message(KEYS[2], ARGV[6], ARGV[7], now,
      { queue = KEYS[5], bodies = KEYS[6], id = ARGV[13], body = ARGV[14] })
  end
end
put_given_jobs(KEYS[5], KEYS[6], now, ARGV, 16, tonumber(ARGV[15]))
emit({ stream = KEYS[3], seq = KEYS[4], shard = ARGV[4], subject = ARGV[3], now = now },
  ARGV[8], ARGV[9], { state = ARGV[6] })
return { 1 }
