-- PURPOSE: windows over many numbers of a tenant: take a place in all of them or in none.
-- USES: events windows wide
-- KEYS: one hash a window
-- ARGV: 1 now ms or ''  2 windows (as many as keys, in the same order)
-- RETURNS: {1} | {0, window, ms}
-- EXAMPLE: a tenant's window of 100 a minute: the 101st call in a minute gives {0, 'tenant_minute', 59000}

local now = now_ms(ARGV[1])
local windows = parse_windows(ARGV[2])
for i, window in ipairs(windows) do
  local count, oldest = wide_count(KEYS[i], window.span, now)
  if count >= window.limit and not window.record_only then
    return { 0, window.name, math.max(wide_leaves(window.span, oldest) - now, 1) }
  end
end
for i, window in ipairs(windows) do
  wide_add(KEYS[i], window.span, now, 1)
end
return { 1 }
