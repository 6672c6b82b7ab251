-- PURPOSE: give back the places of a call that was refused further on, as best can be.
-- USES: events windows wide
-- KEYS: one hash a window
-- ARGV: 1 now ms or ''  2 windows (as many as keys, in the same order)
-- RETURNS: {1}
-- EXAMPLE: take, then give back: the count is what it was

local now = now_ms(ARGV[1])
for i, window in ipairs(parse_windows(ARGV[2])) do
  wide_add(KEYS[i], window.span, now, -1)
end
return { 1 }
