-- PURPOSE: GenerateCode's first step: idempotency, lock, windows, live code; reads what the gate needs.
-- USES: events jobs windows slots budget idempotency
-- KEYS: 1 installation marker  2 bucket of records  3 guesses  4 requests window  5 sends window
--       6 slot  7 idempotency  8 unverified sends  9 refusal counts  10 events  11 seq  12 queue  13 bodies
--       14 authenticator
-- ARGV: 1 installation id  2 now ms or ''  3 request id  4 field of the record  5 subject (JSON)
--       6 shard  7 source or ''  8 requests windows  9 sends windows  10 operation digests
--       11 resend after ms  12 idempotency body digest or ''  13 known for ms  14 facts (JSON)
--       15 job id for refusals  16 job body for refusals (with @window@)
--       17 lease ms of an idempotency key
-- RETURNS: {'ok', now, record, unverified in 24 h, id of a confirmed authenticator or '', its ms} |
--          {'other_store'} | {'key_reused'} |
--          {'replayed', answer} | {'running', ms} | {'locked', reason, ms or -1} |
--          {'limit', window, ms} | {'exists', ms}
-- EXAMPLE: a first call on an empty store with marker 'i1' gives {'ok', 1700000000000, '', 0, '', 0}

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'other_store' }
end
local now = now_ms(ARGV[2])
local frame = { stream = KEYS[10], seq = KEYS[11], shard = ARGV[6], subject = ARGV[5], now = now }

if ARGV[12] ~= '' then
  local first = redis.call('HMGET', KEYS[7], 'body', 'answer', 'lease', 'lost', 'holder')
  -- a first call that was lost before it stored a code is as if it had never been
  local is_gone = first[1] and not first[2] and not first[4] and tonumber(first[3]) <= now
  if first[1] and first[5] ~= ARGV[3] and not is_gone then
    if first[1] ~= ARGV[12] then
      return { 'key_reused' }
    elseif first[2] then
      return { 'replayed', first[2] }
    elseif tonumber(first[3]) > now then
      return { 'running', tonumber(first[3]) - now }
    end
    return { 'replayed', first[4] }
  end
end

local function refused(window, span, retry, record_only)
  local body = string.gsub(ARGV[16], '@window@', window)
  refuse(frame, KEYS[9], KEYS[12], KEYS[13], window, span, retry, ARGV[14], body, ARGV[15] .. window, record_only)
end

local reason, wait, frozen_at = lock_of(KEYS[3], share_of(KEYS[3], ARGV[7], now, tonumber(ARGV[13])), now)
if reason then
  refused(reason, math.max(wait, 60000), wait, false)
  return { 'locked', reason, wait }
end

local full, retry = pass_windows(KEYS[4], ARGV[8], now, ARGV[3], refused)
if full then
  return { 'limit', full, retry }
end

local slot = read_slot(KEYS[6])
if not is_frozen_out(slot, frozen_at) and not may_take(slot, now, ARGV[10], tonumber(ARGV[11])) then
  tell_exists(frame, KEYS[6], slot, ARGV[3], ARGV[14])
  return { 'exists', held_for(slot, now) }
end

full, retry = pass_windows(KEYS[5], ARGV[9], now, ARGV[3], refused)
if full then
  return { 'limit', full, retry }
end

local unverified = 0
for _, entry in ipairs(redis.call('LRANGE', KEYS[8], 0, 63)) do
  if stamp_of(entry) + 86400000 > now then
    unverified = unverified + 1
  end
end
if ARGV[12] ~= '' then
  local lease = tonumber(ARGV[17])
  redis.call('DEL', KEYS[7])
  hold_key(KEYS[7], ARGV[12], ARGV[3], now + lease, lease + 60000)
end
local record = redis.call('HGET', KEYS[2], ARGV[4]) or ''
local app = redis.call('HMGET', KEYS[14], 'st', 'id', 'since')
if app[1] ~= 'active' then
  return { 'ok', now, record, unverified, '', 0 }
end
return { 'ok', now, record, unverified, app[2], tonumber(app[3]) }
