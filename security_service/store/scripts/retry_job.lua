-- PURPOSE: put a job back for later with its attempt counted.
-- USES: events jobs
-- KEYS: 1 events  2 seq  3 queue  4 bodies
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 job id  5 new body  6 due in ms
--       7 how many events  8… kind, facts of each
-- RETURNS: {1}, or {0} where it was ended before (then nothing is written)
-- EXAMPLE: a look that was not answered: {1}, and the job is due a minute later

if redis.call('HEXISTS', KEYS[4], ARGV[4]) == 0 then
  return { 0 }
end
local now = now_ms(ARGV[1])
put_job(KEYS[3], KEYS[4], ARGV[4], ARGV[5], now + tonumber(ARGV[6]))
emit_given({ stream = KEYS[1], seq = KEYS[2], shard = ARGV[3], subject = ARGV[2], now = now },
  ARGV, 8, tonumber(ARGV[7]))
return { 1 }
