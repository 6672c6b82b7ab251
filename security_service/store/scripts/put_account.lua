-- PURPOSE: write or forget an account of a tenant's older systems, with its event.
-- USES: events
-- KEYS: 1 accounts  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 login  5 document or '' (forget)  6 event kind
--       7 facts (JSON)  8 installation id
-- RETURNS: {1}, or {0} where there was none to forget | {'other_store'}
-- EXAMPLE: write 'bank1': {1}; forget it: {1}; forget it again: {0}

if is_managed_elsewhere(KEYS[4], ARGV[8]) then
  return { 'other_store' }
end
if ARGV[5] == '' then
  if redis.call('HDEL', KEYS[1], ARGV[4]) == 0 then
    return { 0 }
  end
else
  redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV[6], ARGV[7], nil)
return { 1 }
