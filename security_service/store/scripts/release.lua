-- PURPOSE: give back the send place of an admitted call that will not send.
-- USES: events windows
-- KEYS: 1 sends window
-- ARGV: 1 request id
-- RETURNS: {1}
-- EXAMPLE: after admit with request id 'r1', release 'r1' leaves the window as it was

give_window_back(KEYS[1], ARGV[1])
return { 1 }
