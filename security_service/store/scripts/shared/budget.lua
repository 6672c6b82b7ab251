-- PURPOSE: the guess budget of a number, for the scripts that name `budget`.
-- A hash: n (consecutive failures over all sources), x (until a person unlocks: 1 disabled by the
-- cap, z frozen), z (ms of the last freeze: what was made by then is dead for good), f:<share> (failures of a share), l:<share> (locked until, ms), k:<source> (last success, ms),
-- u (the last proposal by which it was unlocked).
-- A share is a known source (a success within the span), `*` for all unknown ones, `-` for none.

local function share_of(key, source, now, known_for)
  if source == '' then
    return '-'
  end
  local success = tonumber(redis.call('HGET', key, 'k:' .. source) or '')
  if success and success + known_for > now then
    return source
  end
  return '*'
end

-- nil where the share may go on, else the reason and the milliseconds to wait (-1: a person);
-- last the millisecond of the last freeze, -1 where there was none
local function lock_of(key, share, now)
  local values = redis.call('HMGET', key, 'x', 'l:' .. share, 'z')
  local frozen_at = tonumber(values[3] or '') or -1
  if values[1] then
    return values[1] == 'z' and 'frozen' or 'disabled', -1, frozen_at
  end
  local until_ms = tonumber(values[2] or '')
  if until_ms and until_ms > now then
    return 'locked', until_ms - now, frozen_at
  end
  return nil, 0, frozen_at
end

-- whether a person froze the number, and the millisecond of the last freeze, -1 where there was none
local function freeze_of(key)
  local values = redis.call('HMGET', key, 'x', 'z')
  return values[1] == 'z', tonumber(values[2] or '') or -1
end

-- count one wrong guess; ladder is `60000,300000,…`; gives failures, total, lock ms (0: none), disabled
local function count_failure(key, share, now, guesses, ladder, cap, forget)
  local failures = redis.call('HINCRBY', key, 'f:' .. share, 1)
  local total = redis.call('HINCRBY', key, 'n', 1)
  local lock = 0
  if failures % guesses == 0 then
    local step, level = 0, failures / guesses
    for span in string.gmatch(ladder, '%d+') do
      step = step + 1
      lock = tonumber(span)
      if step == level then
        break
      end
    end
    redis.call('HSET', key, 'l:' .. share, whole(now + lock))
  end
  local disabled = total >= cap
  if disabled then
    redis.call('HSET', key, 'x', '1')
    redis.call('PERSIST', key)
  else
    redis.call('PEXPIRE', key, forget)
  end
  return failures, total, lock, disabled
end

-- a success clears its own share and the hundred, and makes its source known
local function count_success(key, source, share, now, known_for, forget)
  redis.call('HDEL', key, 'f:' .. share, 'l:' .. share, 'n', 'f:' .. source, 'l:' .. source)
  if source ~= '' then
    redis.call('HSET', key, 'k:' .. source, whole(now))
    if redis.call('HLEN', key) > 96 then
      local fields = redis.call('HGETALL', key)
      for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 2) == 'k:' and tonumber(fields[i + 1]) + known_for <= now then
          redis.call('HDEL', key, fields[i])
        end
      end
    end
    -- one that others' guesses disabled in the meantime waits for a person, however long
    if redis.call('HEXISTS', key, 'x') == 0 then
      redis.call('PEXPIRE', key, forget)
    end
  end
end
