-- PURPOSE: GenerateCode's third step: how sending ended, with its event; frees the slot where nothing left.
-- Where a gateway took it, a sealed text is kept for another channel as long as the code lives, with its job;
-- every script that ends the code before that deletes it: open, check, apply_receipt, swap_record.
-- USES: events jobs windows slots
-- KEYS: 1 slot  2 sends window  3 idempotency  4 events  5 seq  6 queue  7 bodies  8 sealed text
--       9 unverified sends  10 installation marker
-- ARGV: 1 now ms or ''  2 request id  3 subject (JSON)  4 shard  5 code id
--       6 accepted|not_sent|unknown  7 '1' where an unknown code stays checkable  8 event kind
--       9 facts (JSON)  10 answer  11 '1' where an idempotency key was given  12 hold ms of an unknown code
--       13 lease job id  14 how many jobs  15 gateway that took it or ''
--       16 sealed text or '' (no other channel)  17 id, 18 body, 19 due ms of the job that sends it
--       20… id, body, due ms of each job; last the installation id
-- RETURNS: {state of the slot} | {'other_store'}
-- EXAMPLE: settlement 'accepted' of the slot's code gives {'live'}

if is_other_store(KEYS[10], ARGV[#ARGV]) then
  return { 'other_store' }
end
local slot = read_slot(KEYS[1])
local mark = ARGV[2] .. '.s'
local before = remembered(slot, mark)
if before then
  return { before }
end
local now = now_ms(ARGV[1])
local frame = { stream = KEYS[4], seq = KEYS[5], shard = ARGV[4], subject = ARGV[3], now = now }
drop_job(KEYS[6], KEYS[7], ARGV[13])

local is_current = slot.id == ARGV[5]
local is_unspent = slot.st == 'sending' or slot.st == 'live' or slot.st == 'unknown'
local state, hold = is_current and slot.st or 'superseded', slot.hold
if is_current and is_unspent then
  if ARGV[6] == 'accepted' then
    state = 'live'
    if ARGV[16] ~= '' and now < slot.exp then
      redis.call('SET', KEYS[8], ARGV[5] .. ':' .. ARGV[16], 'PX', whole(slot.exp - now))
      put_job(KEYS[6], KEYS[7], ARGV[17], ARGV[18], now + tonumber(ARGV[19]))
    end
  elseif ARGV[6] == 'unknown' and ARGV[7] == '1' then
    if slot.st == 'sending' then
      state, hold = 'unknown', now + tonumber(ARGV[12])
    end
  else
    state = 'withdrawn'
  end
  redis.call('HSET', KEYS[1], 'st', state, 'hold', whole(hold), 'gw', ARGV[15])
end
redis.call('HSET', KEYS[1], 'rq', with_memory(slot, mark, state))
keep_slot(KEYS[1], slot, now)
if ARGV[6] == 'not_sent' then
  give_window_back(KEYS[2], ARGV[2])
  give_window_back(KEYS[9], ARGV[2])
end
if ARGV[11] == '1' then
  if ARGV[6] == 'not_sent' then
    redis.call('DEL', KEYS[3])
  else
    redis.call('HSET', KEYS[3], 'answer', ARGV[10])
    redis.call('PEXPIRE', KEYS[3], 86400000)
  end
end
emit(frame, ARGV[8], ARGV[9], { state = state })
put_given_jobs(KEYS[6], KEYS[7], now, ARGV, 20, tonumber(ARGV[14]))
return { state }
