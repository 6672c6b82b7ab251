-- PURPOSE: apply a final receipt once; a negative one frees the slot of an unspent code.
-- Delivered or never to be: the sealed text of the slot's code is deleted, for no other channel is needed.
-- USES: events jobs slots
-- KEYS: 1 slot  2 events  3 seq  4 queue  5 bodies  6 sealed text
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 job id  5 code id  6 '1' where negative  7 facts (JSON)
-- RETURNS: {1}, or {0} where it was applied before
-- EXAMPLE: 'undelivered' for the slot's live code: {1}, and the slot is free; again: {0}

if drop_job(KEYS[4], KEYS[5], ARGV[4]) == 0 then
  return { 0 }
end
local now = now_ms(ARGV[1])
local slot = read_slot(KEYS[1])
local freed = false
if slot.id == ARGV[5] then
  redis.call('DEL', KEYS[6])
end
if ARGV[6] == '1' and slot.id == ARGV[5] and is_checkable(slot, now) then
  redis.call('HSET', KEYS[1], 'st', 'withdrawn')
  keep_slot(KEYS[1], slot, now)
  freed = true
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now },
  'receipt', ARGV[7], { slot_freed = freed })
return { 1 }
