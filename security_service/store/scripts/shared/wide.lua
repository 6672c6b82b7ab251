-- PURPOSE: windows too full for a list of calls, for the scripts that name `wide`.
-- A window is a hash of 61 counters, one a sixtieth of its span; a call leaves it with its sixtieth,
-- so that the window is never shorter than it says and at most a sixtieth longer.

local SIXTIETHS = 61

local function wide_count(key, span, now)
  local step = span / 60
  local current = math.floor(now / step)
  local fields = redis.call('HGETALL', key)
  local count, oldest = 0, current
  for i = 1, #fields, 2 do
    local at, calls = string.match(fields[i + 1], '^(%d+):(%d+)$')
    at, calls = tonumber(at), tonumber(calls)
    if at > current - SIXTIETHS and calls > 0 then
      count = count + calls
      oldest = math.min(oldest, at)
    end
  end
  return count, oldest
end

-- the millisecond at which the oldest sixtieth is past
local function wide_leaves(span, oldest)
  return math.ceil((oldest + SIXTIETHS) * span / 60)
end

local function wide_add(key, span, now, by)
  local current = math.floor(now / (span / 60))
  local field = whole(current % SIXTIETHS)
  local at, calls = string.match(redis.call('HGET', key, field) or '', '^(%d+):(%d+)$')
  local count = (tonumber(at) == current and tonumber(calls) or 0) + by
  redis.call('HSET', key, field, whole(current) .. ':' .. whole(math.max(count, 0)))
  redis.call('PEXPIRE', key, 2 * span)
end
