-- PURPOSE: write things that are managed into a store that is being rebuilt.
-- USES: rebuilding
-- KEYS: 1 installation  2 mark of the rebuild  3 hash of the things
-- ARGV: 1 installation id  2… field, value of each
-- RETURNS: {how many} | {'not_begun'}
-- EXAMPLE: one tenant: {1}

if not is_being_rebuilt(KEYS[1], KEYS[2], ARGV[1]) then
  return { 'not_begun' }
end
for place = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[place], ARGV[place + 1])
end
return { (#ARGV - 1) / 2 }
