-- PURPOSE: GenerateCode's second step: the verdict's events, what becomes of the record, the code as `sending`.
-- A new code deletes the sealed text of the one before. Where the gate refused and that may be stepped up, a
-- `ticket` comes in the code's place: nothing is sent for it, and it holds the slot against nobody.
-- USES: events jobs windows slots idempotency budget
-- KEYS: 1 installation marker  2 bucket of records  3 slot  4 sends window  5 idempotency
--       6 unverified sends  7 notice mark  8 events  9 seq  10 queue  11 bodies  12 sealed text  13 guesses
-- ARGV: 1 installation id  2 now ms or ''  3 request id  4 field of the record  5 subject (JSON)  6 shard
--       7 record as it was read  8 new record or '' (unchanged)  9 code or ticket id or '' (the gate refused)
--       10 code key version  11 code digest or '' (a ticket)  12 operation key version  13 operation digest
--       14 life ms  15 lease ms  16 pin, or a ticket's authenticator, or ''  17 epoch or ''  18 operation digests  19 resend after ms
--       20 idempotency body digest or ''  21 answer where the lease is lost  22 '1' where unverified
--       23 lease job id  24 lease job body  25 notice job id or ''  26 notice job body
--       27 how many events  28 how many jobs  29 operator (MCC-MNC) or ''
--       30 what the gate decided by, or ''  31… kind, facts of each event; then id, body, due ms of each job
-- RETURNS: {'opened'} | {'other_store'} | {'moved', record} | {'exists', ms} | {'running', ms} |
--          {'locked', 'frozen', -1} (frozen since it was admitted: no code came of it)
-- EXAMPLE: a refusal with one event and no job: ARGV 9 is '', 27 is '1', 31 'gate_decided', 32 '{…}'

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'other_store' }
end
local slot = read_slot(KEYS[3])
local before = remembered(slot, ARGV[3])
if before then
  return before == 'frozen' and { 'locked', 'frozen', -1 } or { 'opened' }
end
local now = now_ms(ARGV[2])
local frame = { stream = KEYS[8], seq = KEYS[9], shard = ARGV[6], subject = ARGV[5], now = now }
local current = redis.call('HGET', KEYS[2], ARGV[4]) or ''
if current ~= ARGV[7] then
  return { 'moved', current }
end

local frozen, frozen_at = freeze_of(KEYS[13])
if is_frozen_out(slot, frozen_at) then
  slot.st = 'dead'
end
local has_code = ARGV[9] ~= ''
if has_code then
  if ARGV[20] ~= '' then
    local first = redis.call('HMGET', KEYS[5], 'holder', 'lease')
    if first[1] and first[1] ~= ARGV[3] then
      return { 'running', math.max(tonumber(first[2]) - now, 0) }
    end
  end
  if not may_take(slot, now, ARGV[18], tonumber(ARGV[19])) then
    give_window_back(KEYS[4], ARGV[3])
    drop_key(KEYS[5], ARGV[3])
    tell_exists(frame, KEYS[3], slot, ARGV[3], '')
    return { 'exists', held_for(slot, now) }
  end
end

if ARGV[8] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[8])
end
local events = tonumber(ARGV[27])
emit_given(frame, ARGV, 31, events)
put_given_jobs(KEYS[10], KEYS[11], now, ARGV, 31 + 2 * events, tonumber(ARGV[28]))
if ARGV[25] ~= '' and redis.call('SET', KEYS[7], '1', 'PX', 86400000, 'NX') then
  put_job(KEYS[10], KEYS[11], ARGV[25], ARGV[26], now)
  emit(frame, 'notice_queued', '', { job = ARGV[25] })
end

frozen = frozen and has_code
local memory = with_memory(slot, ARGV[3], frozen and 'frozen' or 'opened')
if frozen then
  emit(frame, 'code_killed', '', { code_id = ARGV[9], reason = 'frozen' })
end
if frozen or not has_code then
  redis.call('HSET', KEYS[3], 'rq', memory)
  keep_slot(KEYS[3], slot, now)
  drop_key(KEYS[5], ARGV[3])
  return frozen and { 'locked', 'frozen', -1 } or { 'opened' }
end

local old = slot.old
if slot.id ~= '' then
  local is_unspent = slot.st == 'sending' or slot.st == 'live' or slot.st == 'unknown' or slot.st == 'ticket'
  local state = is_unspent and (now < slot.exp and 'superseded' or 'expired') or slot.st
  if slot.d ~= '' then
    old = with_tombstone(slot, state)
  end
  if state == 'superseded' then
    emit(frame, 'code_superseded', '', { code_id = slot.id, by = ARGV[9] })
  end
  redis.call('DEL', KEYS[12])
end
local life, lease = tonumber(ARGV[14]), now + tonumber(ARGV[15])
local is_ticket = ARGV[11] == ''
redis.call('HSET', KEYS[3], 'id', ARGV[9], 'st', is_ticket and 'ticket' or 'sending', 'd', ARGV[11], 'kv', ARGV[10],
  'op', ARGV[13], 'ok', ARGV[12], 'made', whole(now), 'exp', whole(now + life), 'lease', whole(lease),
  'hold', '0', 'wrong', '0', 'pin', ARGV[16], 'epoch', ARGV[17], 'mno', ARGV[29], 'gw', '', 'by', ARGV[30], 'old', old, 'rq', memory)
redis.call('PEXPIRE', KEYS[3], life + 86400000)
if is_ticket then
  drop_key(KEYS[5], ARGV[3])
  return { 'opened' }
end
put_job(KEYS[10], KEYS[11], ARGV[23], ARGV[24], lease)
if ARGV[20] ~= '' then
  hold_key(KEYS[5], ARGV[20], ARGV[3], lease, 86400000, 'lost', ARGV[21])
end
if ARGV[22] == '1' then
  redis.call('LPUSH', KEYS[6], whole(now) .. '-' .. ARGV[3])
  redis.call('LTRIM', KEYS[6], 0, 63)
  redis.call('PEXPIRE', KEYS[6], 86400000)
end
return { 'opened' }
