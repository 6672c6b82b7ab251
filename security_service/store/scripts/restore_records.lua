-- PURPOSE: write records into a shard that is being rebuilt.
-- USES: rebuilding
-- KEYS: 1 installation marker  2 mark of the rebuild  3… bucket of each record
-- ARGV: 1 installation id  2… field, record of each
-- RETURNS: {how many} | {'not_begun'}
-- EXAMPLE: two records, once and again: {2}, {2}

if not is_being_rebuilt(KEYS[1], KEYS[2], ARGV[1]) then
  return { 'not_begun' }
end
for place = 3, #KEYS do
  redis.call('HSET', KEYS[place], ARGV[2 * place - 4], ARGV[2 * place - 3])
end
return { #KEYS - 2 }
