-- PURPOSE: end a session, with the event that its person signed out.
-- USES: events
-- KEYS: 1 session  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 shard  3 installation id
-- RETURNS: {1}, or {0} where there was none | {'other_store'}
-- EXAMPLE: sign out: {1}; once more: {0}

if is_managed_elsewhere(KEYS[4], ARGV[3]) then
  return { 'other_store' }
end
local name = redis.call('HGET', KEYS[1], 'name')
if not name then
  return { 0 }
end
redis.call('DEL', KEYS[1])
local person = flat_json({ person = name })
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[2], subject = '{}', now = now_ms(ARGV[1]) },
  'signed_out', person, nil)
return { 1 }
