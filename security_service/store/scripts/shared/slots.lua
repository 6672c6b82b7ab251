-- PURPOSE: what a slot is and when it is held, for the scripts that name `slots`.
-- A slot is a hash: id, st (state), d and kv (digest of the code, key version), op and ok (digest of
-- the operation, key version), made, exp, lease, hold (milliseconds), wrong (guesses), pin, epoch,
-- gw (gateway that took it), mno (operator), by (what the gate decided by), old (finished codes), rq (the last eight requests with
-- their outcomes).

local SLOT_FIELDS = { 'id', 'st', 'd', 'kv', 'op', 'ok', 'made', 'exp', 'lease', 'hold', 'wrong', 'pin', 'epoch', 'gw', 'mno', 'by', 'old', 'rq' }

-- always a table; one without a code has an empty id and an exp of 0
local function read_slot(key)
  local values = redis.call('HMGET', key, unpack(SLOT_FIELDS))
  local slot = {}
  for i, name in ipairs(SLOT_FIELDS) do
    slot[name] = values[i] or ''
  end
  for _, name in ipairs({ 'made', 'exp', 'lease', 'hold', 'wrong' }) do
    slot[name] = tonumber(slot[name]) or 0
  end
  return slot
end

-- unspent and in time: may still be checked
local function is_checkable(slot, now)
  return now < slot.exp and (slot.st == 'sending' or slot.st == 'live' or slot.st == 'unknown')
end

-- what was made by the last freeze is dead, whatever its state says, and holds the slot against nobody
local function is_frozen_out(slot, frozen_at)
  return slot.made <= frozen_at
    and (slot.st == 'sending' or slot.st == 'live' or slot.st == 'unknown' or slot.st == 'ticket')
end

-- holds the slot against a new code: a lost lease holds it for no time, an unknown outcome till `hold`
local function is_held(slot, now)
  if now >= slot.exp then
    return false
  end
  return slot.st == 'live'
    or (slot.st == 'sending' and now < slot.lease)
    or (slot.st == 'unknown' and now < slot.hold)
end

local function held_for(slot, now)
  if slot.st == 'unknown' then
    return math.min(slot.hold, slot.exp) - now
  end
  return slot.exp - now
end

-- digests packed by the caller as `version:hex;…`, newest first
local function matches(digests, version, digest)
  for kv, d in string.gmatch(digests, '(%d+):(%x+);') do
    if kv == version then
      return d == digest, true
    end
  end
  return false, false
end

-- whether a new code may take the slot: free, or another operation, or old enough to be resent
local function may_take(slot, now, operations, resend_after)
  if not is_held(slot, now) then
    return true
  end
  if slot.st == 'sending' then
    return false
  end
  local same = matches(operations, slot.ok, slot.op)
  if not same then
    return true
  end
  return resend_after > 0 and now - slot.made >= resend_after
end

-- finished codes: `state,version,hex;` newest first, at most four
local function with_tombstone(slot, state)
  local stone = state .. ',' .. slot.kv .. ',' .. slot.d .. ';'
  local kept, count = {}, 0
  for one in string.gmatch(slot.old, '[^;]+;') do
    count = count + 1
    if count <= 3 then
      kept[#kept + 1] = one
    end
  end
  return stone .. table.concat(kept)
end

local function tombstone_of(slot, digests)
  for state, version, digest in string.gmatch(slot.old, '([^,;]+),(%d+),(%x+);') do
    if matches(digests, version, digest) then
      return state
    end
  end
  return nil
end

-- the last eight requests: `request id=outcome;` newest first
local function remembered(slot, request)
  for id, outcome in string.gmatch(slot.rq, '([^=;]+)=([^;]*);') do
    if id == request then
      return outcome
    end
  end
  return nil
end

-- keeps a finished slot for a day behind its life; one that never held a code only for a repeated call
local function keep_slot(key, slot, now)
  redis.call('PEXPIRE', key, slot.id == '' and 60000 or math.max(slot.exp - now, 0) + 86400000)
end

local function with_memory(slot, request, outcome)
  local kept, count = {}, 0
  for one in string.gmatch(slot.rq, '[^;]+;') do
    count = count + 1
    if count <= 7 then
      kept[#kept + 1] = one
    end
  end
  return request .. '=' .. outcome .. ';' .. table.concat(kept)
end

-- an event, once a request, that a code holds the slot
local function tell_exists(frame, key, slot, request, facts)
  local mark = request .. '.x'
  if not remembered(slot, mark) then
    redis.call('HSET', key, 'rq', with_memory(slot, mark, 'exists'))
    emit(frame, 'code_exists', facts, { code_id = slot.id, state = slot.st })
  end
end
