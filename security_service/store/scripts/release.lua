-- PURPOSE: give back the send place and the idempotency key of an admitted call that will not send.
-- USES: events windows idempotency
-- KEYS: 1 sends window  2 idempotency
-- ARGV: 1 request id
-- RETURNS: {1}
-- EXAMPLE: after admit with request id 'r1', release 'r1' leaves both as they were

give_window_back(KEYS[1], ARGV[1])
drop_key(KEYS[2], ARGV[1])
return { 1 }
