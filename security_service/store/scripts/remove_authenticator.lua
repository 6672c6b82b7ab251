-- PURPOSE: forget a number's authenticator, offered or in force; its tickets are good for nothing from then on.
-- USES: events
-- KEYS: 1 authenticator  2 events  3 seq  4 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 facts (JSON)  5 installation id
-- RETURNS: {1}, or {0} where there was none | {'other_store'}
-- EXAMPLE: one in force: {1}; at once again {0}

if is_other_store(KEYS[4], ARGV[5]) then
  return { 'other_store' }
end
local app = redis.call('HMGET', KEYS[1], 'st', 'id')
if not app[1] or app[1] == 'ended' then
  return { 0 }
end
redis.call('DEL', KEYS[1])
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  'authenticator_removed', ARGV[4], { authenticator = app[2], state = app[1] })
return { 1 }
