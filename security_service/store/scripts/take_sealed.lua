-- PURPOSE: give out the sealed text of a code that is still of use, once, and delete it.
-- From then on nobody knows which gateway an entered code came by, so the slot forgets the first one.
-- USES: events slots budget
-- KEYS: 1 slot  2 sealed text  3 guesses
-- ARGV: 1 now ms or ''  2 request id  3 code id  4 least ms of life left  5 epoch or ''
-- RETURNS: {'taken', sealed text, ms of life left} | {'not_needed'} | {'too_late'} | {'taken_before'} |
--          {'frozen'}
-- EXAMPLE: code 'c1' is live for 270 s more: {'taken', '…', 270000}; the same request again: {'taken_before'}

local slot = read_slot(KEYS[1])
local mark = ARGV[2] .. '.t'
local before = remembered(slot, mark)
if before then
  return { before }
end
local now = now_ms(ARGV[1])
local found = redis.call('GET', KEYS[2])
local name = ARGV[3] .. ':'
if not found or string.sub(found, 1, #name) ~= name
  or slot.id ~= ARGV[3] or slot.epoch ~= ARGV[5] or not is_checkable(slot, now) then
  return { 'not_needed' }
end
redis.call('DEL', KEYS[2])
local _, frozen_at = freeze_of(KEYS[3])
if is_frozen_out(slot, frozen_at) then
  redis.call('HSET', KEYS[1], 'rq', with_memory(slot, mark, 'frozen'))
  return { 'frozen' }
end
local left = slot.exp - now
if left < tonumber(ARGV[4]) then
  redis.call('HSET', KEYS[1], 'rq', with_memory(slot, mark, 'too_late'))
  return { 'too_late' }
end
redis.call('HSET', KEYS[1], 'gw', '', 'rq', with_memory(slot, mark, 'taken_before'))
return { 'taken', string.sub(found, #name + 1), left }
