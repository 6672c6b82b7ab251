-- PURPOSE: write what a person does about a case, or closes it, with its event and jobs; once closed, nothing.
-- USES: events jobs
-- KEYS: 1 end of the case  2 events  3 seq  4 queue  5 bodies  6 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 '1' where it closes  5 kept for ms  6 event kind
--       7 facts (JSON)  8 how many jobs  9… id, body, due ms of each job; last the installation id
-- RETURNS: {1}, or {0} where it was closed before | {'other_store'}
-- EXAMPLE: two people close one case: the first gets {1}, the second {0}

if is_other_store(KEYS[6], ARGV[#ARGV]) then
  return { 'other_store' }
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  return { 0 }
end
local now = now_ms(ARGV[1])
if ARGV[4] == '1' then
  redis.call('SET', KEYS[1], whole(now), 'PX', tonumber(ARGV[5]))
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now }, ARGV[6], ARGV[7], nil)
put_given_jobs(KEYS[4], KEYS[5], now, ARGV, 9, tonumber(ARGV[8]))
return { 1 }
