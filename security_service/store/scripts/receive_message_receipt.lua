-- PURPOSE: apply the final receipt of a relayed message once and end the job that asked for it.
-- USES: events jobs messages
-- KEYS: 1 message  2 events  3 seq  4 queue  5 bodies
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 job id  5 delivered|undelivered|expired|unknown
--       6 facts (JSON)  7 report job id  8 report job body
-- RETURNS: {1}, or {0} where it was applied before
-- EXAMPLE: 'delivered' for a message that was sent: {1}, and its account is told; again: {0}

if drop_job(KEYS[4], KEYS[5], ARGV[4]) == 0 then
  return { 0 }
end
local now = now_ms(ARGV[1])
if redis.call('HGET', KEYS[1], 'st') == 'sent' then
  end_message(KEYS[1], ARGV[5], '', now, { queue = KEYS[4], bodies = KEYS[5], id = ARGV[7], body = ARGV[8] })
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now }, 'receipt', ARGV[6], nil)
return { 1 }
