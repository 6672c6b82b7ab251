-- PURPOSE: write what holds for one policy name where it still is what was read, with the documents
--   that come or go with it and its event.
-- USES: events
-- KEYS: 1 policies  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 name  5 head as it was read, '' where there was none
--       6 new head  7 event kind  8 facts (JSON)
--       9… field and row in turn; an empty row goes away, one that ends before its time is given that of now;
--       the last one of all: installation id
-- RETURNS: {1}, or {0} where the head has moved | {'other_store'}
-- EXAMPLE: two leads who publish on the same version in force: the first gets {1}, the second {0}

if is_managed_elsewhere(KEYS[4], ARGV[#ARGV]) then
  return { 'other_store' }
end
if (redis.call('HGET', KEYS[1], ARGV[4]) or '') ~= ARGV[5] then
  return { 0 }
end
local now = now_ms(ARGV[1])
redis.call('HSET', KEYS[1], ARGV[4], ARGV[6])
for i = 9, #ARGV - 1, 2 do
  local row = ARGV[i + 1]
  if row == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  elseif string.sub(row, -1) == ']' then
    redis.call('HSET', KEYS[1], ARGV[i], row)
  else
    redis.call('HSET', KEYS[1], ARGV[i], row .. whole(now) .. ']')
  end
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now }, ARGV[7], ARGV[8], nil)
return { 1 }
