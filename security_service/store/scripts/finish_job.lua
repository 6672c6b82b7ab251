-- PURPOSE: end a job with its events, once.
-- USES: events jobs
-- KEYS: 1 events  2 seq  3 queue  4 bodies
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 job id  5 how many events  6… kind, facts of each
-- RETURNS: {1}, or {0} where it was ended before (then nothing is written)
-- EXAMPLE: the same job finished by two workers: {1}, then {0}

if drop_job(KEYS[3], KEYS[4], ARGV[4]) == 0 then
  return { 0 }
end
emit_given({ stream = KEYS[1], seq = KEYS[2], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV, 6, tonumber(ARGV[5]))
return { 1 }
