-- PURPOSE: sliding windows that are exact at the edge, for the scripts that name `windows`.
-- A window is a list of the calls it let through, newest first, each `milliseconds-request id`.
-- Several spans (a minute, an hour, a day) share one list, as long as the greatest limit.

local function parse_windows(spec)
  local windows = {}
  for name, limit, span, record_only in string.gmatch(spec, '([^,;]+),(%d+),(%d+),(%d);') do
    windows[#windows + 1] =
      { name = name, limit = tonumber(limit), span = tonumber(span), record_only = record_only == '1' }
  end
  return windows
end

local function stamp_of(entry)
  return tonumber(string.match(entry, '^(%d+)'))
end

-- the first full window that refuses, its milliseconds to wait, and the record-only ones that are full
local function full_window(key, windows, now)
  local recorded = {}
  for _, window in ipairs(windows) do
    local entry = redis.call('LINDEX', key, window.limit - 1)
    if entry then
      local leaves = stamp_of(entry) + window.span
      if leaves > now then
        if not window.record_only then
          return window, leaves - now, recorded
        end
        recorded[#recorded + 1] = window
      end
    end
  end
  return nil, 0, recorded
end

local function take_window(key, windows, now, member)
  local longest, span = 0, 0
  for _, window in ipairs(windows) do
    longest = math.max(longest, window.limit)
    span = math.max(span, window.span)
  end
  if longest > 0 then
    redis.call('LPUSH', key, whole(now) .. '-' .. member)
    redis.call('LTRIM', key, 0, longest - 1)
    redis.call('PEXPIRE', key, span)
  end
end

-- the call's entry among the newest eight, or among so many
local function was_taken(key, member, among)
  local newest = redis.call('LRANGE', key, 0, (among or 8) - 1)
  for _, entry in ipairs(newest) do
    if string.sub(entry, -#member) == member then
      return entry
    end
  end
  return nil
end

local function give_window_back(key, member)
  local entry = was_taken(key, member, 1024)
  if entry then
    redis.call('LREM', key, 1, entry)
  end
end

-- Let a call through the windows of a key; else give the full one and the milliseconds to wait.
-- A repeated call, whose reply was lost, took its place already. `refused` tells of a full window.
local function pass_windows(key, spec, now, member, refused)
  if was_taken(key, member) then
    return nil
  end
  local windows = parse_windows(spec)
  local full, retry, recorded = full_window(key, windows, now)
  if full then
    refused(full.name, full.span, retry, false)
    return full.name, retry
  end
  for _, window in ipairs(recorded) do
    refused(window.name, window.span, 0, true)
  end
  take_window(key, windows, now, member)
end

-- The first refusal of a window is an event; the rest are one count at the window's end.
-- `counts` maps a window's name to its refusals and `by:name` to the last of them, so that a call
-- whose reply was lost counts once; a job writes the count.
local function refuse(frame, counts, queue, bodies, window, span, retry, facts, job_body, job_id, record_only)
  if redis.call('HGET', counts, 'by:' .. window) == job_id then
    return
  end
  redis.call('HSET', counts, 'by:' .. window, job_id)
  local already = redis.call('HINCRBY', counts, window, 1)
  if already == 1 then
    emit(frame, 'limit_reached', facts, { window = window, retry_ms = retry, record_only = record_only })
    put_job(queue, bodies, job_id, job_body, frame.now + span)
  end
  redis.call('PEXPIRE', counts, math.max(span, 60000) + 86400000)
end
