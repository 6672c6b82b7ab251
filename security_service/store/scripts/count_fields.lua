-- PURPOSE: count the fields of several hashes of a shard; changes nothing.
-- KEYS: 1… the hashes
-- ARGV: none
-- RETURNS: {how many}
-- EXAMPLE: two buckets with 3 and 4 records: {7}

local count = 0
for place = 1, #KEYS do
  count = count + redis.call('HLEN', KEYS[place])
end
return { count }
