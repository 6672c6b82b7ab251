-- PURPOSE: CheckCode: window, lock, compare, spend, burn or count; the whole change of state and its event.
-- Where a ticket holds the slot the code given is an authenticator's, which is compared outside: the first call
-- gives out what it takes, the second one brings what came of it, and is judged as if it were the first.
-- A code that is spent, burnt or dead needs its sealed text no more: it is deleted.
-- USES: events jobs windows slots budget
-- KEYS: 1 installation marker  2 slot  3 guesses  4 checks window  5 idempotency  6 refusal counts
--       7 events  8 seq  9 queue  10 bodies  11 sealed text  12 authenticator
-- ARGV: 1 installation id  2 now ms or ''  3 request id  4 subject (JSON)  5 shard  6 source or ''
--       7 checks windows  8 code digests  9 operation digests  10 '1' where pinned
--       11 idempotency body digest or ''  12 known for ms  13 guesses  14 lock ladder ms
--       15 lifetime cap  16 lifetime warning  17 forgotten after ms  18 epoch or ''  19 facts (JSON)
--       20 job id for refusals  21 job body for refusals (with @window@)  22 '1' where the purpose was named
--       23 ticket that was answered or ''  24 time step whose code it was, '' where it was none's
-- RETURNS: {'accepted', code id, '0' or '1' (replayed), gateway, operator, made ms, decided by} |
--          {'matched', code id, pin, gateway, operator, made ms, decided by} | {'expired'} |
--          {'not_found', reason, guesses left or -1} | {'locked', reason, ms or -1} |
--          {'limit', window, ms} | {'key_reused'} | {'other_store'} |
--          {'ticket', ticket id, sealed secret, now}
-- EXAMPLE: the right digest on a live slot gives {'accepted', 'c1', '0', …}, once more {'not_found', 'spent', -1}

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'other_store' }
end
local slot = read_slot(KEYS[2])
-- what the gate decided by is gone once a newer code has the slot
local function replayed(code)
  return { 'accepted', code, '1', '', '', 0, slot.id == code and slot.by or '' }
end
if ARGV[11] ~= '' then
  local first = redis.call('HMGET', KEYS[5], 'body', 'answer', 'code')
  if first[1] then
    if first[1] ~= ARGV[11] then
      return { 'key_reused' }
    end
    return replayed(first[3])
  end
end
local before = remembered(slot, ARGV[3])
if before then
  local status, detail, left = string.match(before, '^(%a+_?%a*):([^:]*):(-?%d+)$')
  if status == 'accepted' then
    return replayed(detail)
  elseif status == 'matched' and detail == slot.id then
    return { 'matched', detail, slot.pin, slot.gw, slot.mno, slot.made, slot.by }
  elseif status == 'matched' then
    -- a newer code has the slot, so the pin of the spent one is gone
    return { 'not_found', 'spent', -1 }
  elseif status == 'expired' then
    return { 'expired' }
  end
  return { 'not_found', detail, tonumber(left) }
end

local now = now_ms(ARGV[2])
local frame = { stream = KEYS[7], seq = KEYS[8], shard = ARGV[5], subject = ARGV[4], now = now }
local known_for, guesses = tonumber(ARGV[12]), tonumber(ARGV[13])
local share = share_of(KEYS[3], ARGV[6], now, known_for)

local function refused(window, span, retry, record_only)
  local body = string.gsub(ARGV[21], '@window@', window)
  refuse(frame, KEYS[6], KEYS[9], KEYS[10], window, span, retry, ARGV[19], body, ARGV[20] .. window, record_only)
end

local reason, wait, frozen_at = lock_of(KEYS[3], share, now)
if reason then
  refused(reason, math.max(wait, 60000), wait, false)
  return { 'locked', reason, wait }
end
if ARGV[23] == '' then
  local full, retry = pass_windows(KEYS[4], ARGV[7], now, ARGV[3], refused)
  if full then
    return { 'limit', full, retry }
  end
end

local function told(result, why, left, changes, counted)
  local memory = with_memory(slot, ARGV[3], result .. ':' .. why .. ':' .. whole(left))
  redis.call('HSET', KEYS[2], 'rq', memory, unpack(changes))
  keep_slot(KEYS[2], slot, now)
  local outcome = counted or {}
  outcome.result, outcome.code_id, outcome.state = result, slot.id, slot.st
  if slot.st == 'ticket' then
    outcome.factor = 'authenticator'
  end
  for i = 1, #changes, 2 do
    if changes[i] == 'st' then
      -- every state that a check brings about is an end
      outcome.state = changes[i + 1]
      redis.call('DEL', KEYS[11])
    end
  end
  outcome.reason = (result == 'accepted' or result == 'matched') and 'valid' or why
  if left >= 0 then
    outcome.guesses_left = left
  end
  emit(frame, 'code_checked', ARGV[19], outcome)
end

local function counted_failure(why, changes)
  local failures, total, lock, disabled =
    count_failure(KEYS[3], share, now, guesses, ARGV[14], tonumber(ARGV[15]), tonumber(ARGV[17]))
  local left = (guesses - failures % guesses) % guesses
  local counted = { failures = total, share = share, share_failures = failures }
  if lock > 0 then
    counted.locked_until = now + lock
  end
  told('not_found', why, left, changes, counted)
  local who = share == '*' and 'unknown' or (share == '-' and 'none' or 'known')
  if lock > 0 then
    emit(frame, 'subscriber_locked', '',
      { seconds = lock / 1000, source = who, failures = total, share = share, ['until'] = now + lock })
  end
  if disabled then
    emit(frame, 'subscriber_disabled', '', { failures = total })
  elseif total == tonumber(ARGV[16]) then
    emit(frame, 'lifetime_warning', '', { failures = total })
  end
  return { 'not_found', why, left }
end

local function uncounted(why)
  told('not_found', why, -1, {})
  return { 'not_found', why, -1 }
end

local function wrong_guess()
  local wrong = slot.wrong + 1
  if wrong >= guesses then
    return counted_failure('wrong', { 'wrong', whole(wrong), 'st', 'burnt' })
  end
  return counted_failure('wrong', { 'wrong', whole(wrong) })
end

local function dead(why)
  told('not_found', why, -1, { 'st', 'dead' })
  return { 'not_found', why, -1 }
end

local function accepted()
  told('accepted', slot.id, -1, { 'st', 'spent' }, { share = share })
  count_success(KEYS[3], ARGV[6], share, now, known_for, tonumber(ARGV[17]))
  if ARGV[11] ~= '' then
    redis.call('HSET', KEYS[5], 'body', ARGV[11], 'answer', '0', 'code', slot.id)
    redis.call('PEXPIRE', KEYS[5], math.max(slot.exp - now, 1))
  end
  return { 'accepted', slot.id, '0', slot.gw, slot.mno, slot.made, slot.by }
end

-- a ticket: what a code is held against lies with its authenticator, whose id the slot has as its pin
local function judge_ticket()
  if ARGV[22] ~= '1' then
    return uncounted('no_code')
  elseif now >= slot.exp then
    return uncounted('ticket_expired')
  elseif slot.epoch ~= ARGV[18] then
    return dead('store_failed_over')
  end
  local app = redis.call('HMGET', KEYS[12], 'st', 'id', 's', 'last')
  if app[1] ~= 'active' or app[2] ~= slot.pin then
    return uncounted('no_authenticator')
  elseif ARGV[23] ~= slot.id then
    return { 'ticket', slot.id, app[3], now }
  elseif ARGV[24] == '' then
    return wrong_guess()
  elseif tonumber(ARGV[24]) <= tonumber(app[4]) then
    return uncounted('step_used')
  end
  redis.call('HSET', KEYS[12], 'last', ARGV[24])
  if not matches(ARGV[9], slot.ok, slot.op) then
    return counted_failure('operation_differs', { 'st', 'dead' })
  end
  return accepted()
end

if slot.id == '' then
  return uncounted('no_code')
end
local is_unspent = slot.st == 'sending' or slot.st == 'live' or slot.st == 'unknown'
if is_frozen_out(slot, frozen_at) then
  return dead('frozen')
elseif slot.st == 'ticket' then
  return judge_ticket()
end
local right, comparable = matches(ARGV[8], slot.kv, slot.d)
local stone = not right and tombstone_of(slot, ARGV[8])
if stone then
  return uncounted(stone)
elseif not is_unspent then
  return uncounted(slot.st)
elseif not comparable then
  return uncounted('key_gone')
elseif now >= slot.exp then
  if right then
    told('expired', 'expired', -1, {})
    return { 'expired' }
  end
  return uncounted('expired_wrong')
elseif slot.epoch ~= ARGV[18] then
  return dead('store_failed_over')
elseif not right then
  return wrong_guess()
elseif not matches(ARGV[9], slot.ok, slot.op) then
  return counted_failure('operation_differs', { 'st', 'dead' })
end

if ARGV[10] == '1' then
  told('matched', slot.id, -1, { 'st', 'spent' })
  return { 'matched', slot.id, slot.pin, slot.gw, slot.mno, slot.made, slot.by }
end
return accepted()
