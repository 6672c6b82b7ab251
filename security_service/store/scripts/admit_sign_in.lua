-- PURPOSE: a place for one attempt to sign in: of a known device among its own, of a stranger among those of
--          its network and of strangers for the name. The first refusal of a window is an event.
-- USES: events windows sign_ins
-- KEYS: 1 device  2 attempts of the device  3 of the network  4 of strangers for the name
--       5 mark that 2 was told to be full  6 that of 3  7 that of 4  8 counts of refusals  9 people
--       10 events  11 seq  12 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 windows of a device  5 of a network  6 of a name, or ''
--       7 request  8 name  9 facts (JSON)  10 facts where the name is somebody's  11 installation id
-- RETURNS: {'known'} | {'strange'} | {'full', ms to wait} | {'other_store'}
-- EXAMPLE: the 21st wrong attempt of one network in 15 minutes: {'full', 610000}

if is_managed_elsewhere(KEYS[12], ARGV[11]) then
  return { 'other_store' }
end
local now = now_ms(ARGV[1])
local request = ARGV[7]

-- the windows that are full of a key: their name, and the milliseconds until one is not
local function full(key, spec)
  if was_taken(key, request) then
    return nil
  end
  local window, wait = full_window(key, parse_windows(spec), now)
  return window, wait
end

local function take(key, spec)
  if not was_taken(key, request) then
    take_window(key, parse_windows(spec), now, request)
  end
end

-- the first refusal of a full window is told, the rest are counted
local function tell_full(mark, window, wait)
  if redis.call('SET', mark, '1', 'NX', 'PX', window.span) then
    local facts = redis.call('HEXISTS', KEYS[9], ARGV[8]) == 1 and ARGV[10] or ARGV[9]
    local frame = { stream = KEYS[10], seq = KEYS[11], shard = ARGV[3], subject = ARGV[2], now = now }
    tell_refusal(KEYS[8], frame, facts, { reason = 'too_many', retry_ms = wait, window = window.name })
  else
    count_unwritten(KEYS[8])
  end
  return { 'full', wait }
end

if redis.call('EXISTS', KEYS[1]) == 1 then
  local window, wait = full(KEYS[2], ARGV[4])
  if window then
    return tell_full(KEYS[5], window, wait)
  end
  take(KEYS[2], ARGV[4])
  return { 'known' }
end
local window, wait = full(KEYS[3], ARGV[5])
if window then
  return tell_full(KEYS[6], window, wait)
end
if ARGV[6] ~= '' then
  window, wait = full(KEYS[4], ARGV[6])
  if window then
    return tell_full(KEYS[7], window, wait)
  end
  take(KEYS[4], ARGV[6])
end
take(KEYS[3], ARGV[5])
return { 'strange' }
