-- PURPOSE: read records and guesses of several numbers of a shard; changes nothing.
-- KEYS: 1… bucket, then guesses of each number
-- ARGV: 1… field of each record
-- RETURNS: {record or '', {field, value, …}} of each
-- EXAMPLE: a number never seen: {'', {}}

local found = {}
for place = 1, #ARGV do
  found[#found + 1] = redis.call('HGET', KEYS[2 * place - 1], ARGV[place]) or ''
  found[#found + 1] = redis.call('HGETALL', KEYS[2 * place])
end
return found
