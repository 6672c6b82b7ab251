-- PURPOSE: write a tenant's document, or issue or revoke an API key, with its event.
-- USES: events
-- KEYS: 1 tenants  2 API keys  3 events  4 seq  5 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 tenant id  5 document or '' (unchanged)
--       6 key digest or ''  7 'issue' or 'revoke'  8 value of the key or ''  9 event kind  10 facts (JSON)
--       11 installation id
-- RETURNS: {1}, or {0} where a key to revoke was not there | {'other_store'}
-- EXAMPLE: issue digest 'ab…' for tenant 'demo': {1}; revoke it: {1}; revoke it again: {0}

if is_managed_elsewhere(KEYS[5], ARGV[11]) then
  return { 'other_store' }
end
if ARGV[7] == 'revoke' and redis.call('HDEL', KEYS[2], ARGV[6]) == 0 then
  return { 0 }
end
if ARGV[7] == 'issue' then
  redis.call('HSET', KEYS[2], ARGV[6], ARGV[8])
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
end
emit({ stream = KEYS[3], seq = KEYS[4], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV[9], ARGV[10], nil)
return { 1 }
