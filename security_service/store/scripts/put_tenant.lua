-- PURPOSE: write a tenant's document, or issue, end or revoke an API key, with its event.
-- USES: events
-- KEYS: 1 tenants  2 API keys  3 events  4 seq  5 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 tenant id  5 document or '' (unchanged)
--       6 '1' where 7 must still stand there  7 document as it was read, '' where there was none
--       8 key digest or ''  9 'issue', 'end' or 'revoke'  10 value of the key or ''
--       11 value of the key as it was read (of 'end' and 'revoke')  12 event kind  13 facts (JSON)
--       14 installation id
-- RETURNS: {1}, or {0} where a document or a key is not as it was read | {'other_store'}
-- EXAMPLE: issue digest 'ab…' for tenant 'demo': {1}; revoke it: {1}; revoke it again: {0}

if is_managed_elsewhere(KEYS[5], ARGV[14]) then
  return { 'other_store' }
end
if ARGV[6] == '1' and (redis.call('HGET', KEYS[1], ARGV[4]) or '') ~= ARGV[7] then
  return { 0 }
end
if ARGV[9] == 'end' or ARGV[9] == 'revoke' then
  if redis.call('HGET', KEYS[2], ARGV[8]) ~= ARGV[11] then
    return { 0 }
  end
end
if ARGV[9] == 'revoke' then
  redis.call('HDEL', KEYS[2], ARGV[8])
elseif ARGV[9] == 'issue' or ARGV[9] == 'end' then
  redis.call('HSET', KEYS[2], ARGV[8], ARGV[10])
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
end
emit({ stream = KEYS[3], seq = KEYS[4], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV[12], ARGV[13], nil)
return { 1 }
