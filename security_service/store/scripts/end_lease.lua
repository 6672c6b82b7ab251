-- PURPOSE: end a lost lease: nobody said how sending ended, so its outcome is unknown and the slot is free.
-- A code that was spent, or came to another end, while it was being sent stays as it is; its event is written.
-- No sealed text lies anywhere then: `settle` is who writes it.
-- USES: events jobs slots
-- KEYS: 1 slot  2 events  3 seq  4 queue  5 bodies
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 job id  5 code id  6 '1' where the code stays checkable
-- RETURNS: {1} where the lease was lost, {0} where sending had ended or this was told before
-- EXAMPLE: the process died between storing and sending: {1}, and the slot's state is 'unknown' with no hold

if drop_job(KEYS[4], KEYS[5], ARGV[4]) == 0 then
  return { 0 }
end
local slot = read_slot(KEYS[1])
local now = now_ms(ARGV[1])
local state = slot.id == ARGV[5] and slot.st or 'superseded'
if state == 'sending' then
  state = ARGV[6] == '1' and 'unknown' or 'withdrawn'
  redis.call('HSET', KEYS[1], 'st', state, 'hold', '0')
  keep_slot(KEYS[1], slot, now)
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now },
  'lease_lost', '', { code_id = ARGV[5], state = state })
return { 1 }
