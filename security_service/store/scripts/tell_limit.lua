-- PURPOSE: the event of a wide window's first refusal, and the job that tells how many followed.
-- USES: events jobs
-- KEYS: 1 events  2 seq  3 queue  4 bodies  5 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 facts (JSON)  5 window  6 ms to wait
--       7 '1' where it only records  8 job id  9 job body  10 due ms  11 installation id
-- RETURNS: {1} | {'other_store'}
-- EXAMPLE: the tenant's window refuses its first call: event 'limit_reached', a job due when it is over

if is_other_store(KEYS[5], ARGV[11]) then
  return { 'other_store' }
end
local now = now_ms(ARGV[1])
emit({ stream = KEYS[1], seq = KEYS[2], shard = ARGV[3], subject = ARGV[2], now = now }, 'limit_reached',
  ARGV[4], { window = ARGV[5], retry_ms = tonumber(ARGV[6]), record_only = ARGV[7] == '1' })
put_job(KEYS[3], KEYS[4], ARGV[8], ARGV[9], now + tonumber(ARGV[10]))
return { 1 }
