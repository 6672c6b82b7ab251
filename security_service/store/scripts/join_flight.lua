-- PURPOSE: make two lookups of one number in flight one: the first takes the flight, others learn its name.
-- KEYS: 1 flight
-- ARGV: 1 name of the new flight  2 lease ms
-- RETURNS: {name of the flight that is under way}
-- EXAMPLE: the first caller 'a' gets {'a'}, a second 'b' while it lasts {'a'} too

if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  return { ARGV[1] }
end
return { redis.call('GET', KEYS[1]) }
