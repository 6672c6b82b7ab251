-- PURPOSE: windows over many numbers of a tenant: take a place in all of them or in none; counts refusals.
-- USES: events windows wide
-- KEYS: one hash a window, then one count of refusals a window, in the same order
-- ARGV: 1 now ms or ''  2 windows (as many as hashes, in the same order)
-- RETURNS: {1, place, …} with the places of full windows that only record, where this is their first
--          refusal | {0, place, ms to wait, refusals so far}
-- EXAMPLE: a tenant's window of 100 a minute: the 101st call in a minute gives {0, 1, 59000, 1}

local now = now_ms(ARGV[1])
local windows = parse_windows(ARGV[2])
local answer = { 1 }

local function count_refusal(place)
  local key = KEYS[#windows + place]
  local refusals = redis.call('INCR', key)
  redis.call('PEXPIRE', key, windows[place].span + 86400000)
  return refusals
end

for i, window in ipairs(windows) do
  local count, oldest = wide_count(KEYS[i], window.span, now)
  if count >= window.limit and not window.record_only then
    return { 0, i, math.max(wide_leaves(window.span, oldest) - now, 1), count_refusal(i) }
  elseif count >= window.limit and count_refusal(i) == 1 then
    answer[#answer + 1] = i
  end
end
for i, window in ipairs(windows) do
  wide_add(KEYS[i], window.span, now, 1)
end
return answer
