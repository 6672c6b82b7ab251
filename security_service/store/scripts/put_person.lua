-- PURPOSE: write or forget a person where the record still is what was read, with its event; end their
--          sessions where their rights changed; never let the last active admin go.
-- USES: events
-- KEYS: 1 people  2 generations  3 active admins with a password here  4 session that goes on
--       5 events  6 seq  7 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 name  5 record as it was read, '' where there was none
--       6 record as it becomes, '' to forget it  7 '1' for such an admin  8 '1' to end their sessions
--       9 '1' where the last admin may go  10 event kind  11 facts (JSON)  12 installation id
-- RETURNS: {'saved'} | {'moved'} | {'last_admin'} | {'other_store'}
-- EXAMPLE: two admins who disable each other at once: {'saved'} and {'last_admin'}

if is_managed_elsewhere(KEYS[7], ARGV[12]) then
  return { 'other_store' }
end
local name = ARGV[4]
if (redis.call('HGET', KEYS[1], name) or '') ~= ARGV[5] then
  return { 'moved' }
end
local was_admin = redis.call('SISMEMBER', KEYS[3], name) == 1
if was_admin and ARGV[7] ~= '1' and ARGV[9] ~= '1' and redis.call('SCARD', KEYS[3]) == 1 then
  return { 'last_admin' }
end
if ARGV[7] == '1' then
  redis.call('SADD', KEYS[3], name)
else
  redis.call('SREM', KEYS[3], name)
end
if ARGV[6] == '' then
  redis.call('HDEL', KEYS[1], name)
else
  redis.call('HSET', KEYS[1], name, ARGV[6])
end
if ARGV[8] == '1' then
  local generation = redis.call('HINCRBY', KEYS[2], name, 1)
  if redis.call('HGET', KEYS[4], 'name') == name then
    redis.call('HSET', KEYS[4], 'generation', whole(generation))
  end
end
emit({ stream = KEYS[5], seq = KEYS[6], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV[10], ARGV[11], nil)
return { 'saved' }
