-- PURPOSE: CheckCode's second half for pinned codes: how a spent code was answered after the look.
-- The sealed text is gone already: `check` deleted it when it spent the code.
-- USES: events slots budget
-- KEYS: 1 slot  2 guesses  3 idempotency  4 events  5 seq  6 installation marker
-- ARGV: 1 now ms or ''  2 request id  3 subject (JSON)  4 shard  5 code id  6 '1' where accepted
--       7 source or ''  8 known for ms  9 forgotten after ms  10 idempotency body digest or ''  11 facts (JSON)
--       12 installation id
-- RETURNS: {1}, or {2} where it was to be accepted and the subscriber was frozen meanwhile, or {0} where it was written before | {'other_store'}
-- EXAMPLE: code 'c1' spent with a pin and accepted: {1}; the same request again: {0}

if is_other_store(KEYS[6], ARGV[12]) then
  return { 'other_store' }
end
local slot = read_slot(KEYS[1])
local mark = ARGV[2] .. '.f'
local before = remembered(slot, mark)
if before then
  return { before == 'frozen' and 2 or 0 }
end
local now = now_ms(ARGV[1])
local frame = { stream = KEYS[4], seq = KEYS[5], shard = ARGV[4], subject = ARGV[3], now = now }
local outcome = ARGV[6] == '1' and 'accepted' or 'refused'
local counted
local is_current = slot.id == ARGV[5]
local frozen, frozen_at = freeze_of(KEYS[2])
if outcome == 'accepted' and (frozen or (is_current and slot.made <= frozen_at)) then
  outcome, counted = 'frozen', { reason = 'frozen' }
end
redis.call('HSET', KEYS[1], 'rq', with_memory(slot, mark, outcome))
if is_current and outcome ~= 'accepted' then
  redis.call('HSET', KEYS[1], 'st', 'dead')
end
keep_slot(KEYS[1], slot, now)
if outcome == 'accepted' then
  local share = share_of(KEYS[2], ARGV[7], now, tonumber(ARGV[8]))
  counted = { share = share, source = ARGV[7] }
  count_success(KEYS[2], ARGV[7], share, now, tonumber(ARGV[8]), tonumber(ARGV[9]))
  if ARGV[10] ~= '' then
    redis.call('HSET', KEYS[3], 'body', ARGV[10], 'answer', '0', 'code', ARGV[5])
    redis.call('PEXPIRE', KEYS[3], math.max(slot.exp - now, 1))
  end
end
emit(frame, 'check_finalised', ARGV[11], counted)
return { outcome == 'frozen' and 2 or 1 }
