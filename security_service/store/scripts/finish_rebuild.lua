-- PURPOSE: let a rebuilt shard be used: it numbers on behind what is archived, tells of the rebuild, and is ours.
-- USES: events rebuilding
-- KEYS: 1 installation marker  2 mark of the rebuild  3 events  4 seq
-- ARGV: 1 installation id  2 now ms or ''  3 shard  4 number of the newest archived event  5 facts (JSON)
--       6 count of buckets for the management shard, '' for another  7 event kind
-- RETURNS: {1} | {0} where it was done before | {'not_begun'}
-- EXAMPLE: newest archived event 41: {1}, and the event of the rebuild has number 42

if not is_being_rebuilt(KEYS[1], KEYS[2], ARGV[1]) then
  if redis.call('EXISTS', KEYS[2]) == 0 and redis.call('EXISTS', KEYS[1]) == 1 then
    return { 0 }
  end
  return { 'not_begun' }
end
redis.call('SET', KEYS[4], ARGV[4])
emit({ stream = KEYS[3], seq = KEYS[4], shard = ARGV[3], subject = '{}', now = now_ms(ARGV[2]) },
  ARGV[7], ARGV[5], nil)
if ARGV[6] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], 'id', ARGV[1], 'buckets', ARGV[6])
end
redis.call('DEL', KEYS[2])
return { 1 }
