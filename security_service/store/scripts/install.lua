-- PURPOSE: `store init`: mark one shard as this installation's; a marked shard is left as it is.
-- USES: events
-- KEYS: 1 installation marker  2 events  3 seq
-- ARGV: 1 now ms or ''  2 installation id  3 shard  4 facts (JSON)  5 number behind which events number on
-- RETURNS: {installation id of the shard}
-- EXAMPLE: an empty shard gives {'i1'}; a shard of another installation gives its id

local present = redis.call('GET', KEYS[1])
if present then
  return { present }
end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[5] ~= '0' then
  redis.call('SET', KEYS[3], ARGV[5])
end
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = '{}', now = now_ms(ARGV[1]) },
  'store_initialised', ARGV[4], nil)
return { ARGV[2] }
