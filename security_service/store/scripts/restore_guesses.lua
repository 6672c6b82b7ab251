-- PURPOSE: write counted guesses and locks into a shard that is being rebuilt.
-- Those of a disabled subscriber stay; others go away when their time is over, and are left out where it is.
-- USES: events rebuilding
-- KEYS: 1 installation marker  2 mark of the rebuild  3… guesses of each number
-- ARGV: 1 installation id  2 now ms or ''  3 forgotten after ms  4… fields (JSON), ms of the last event of each
-- RETURNS: {how many} | {'not_begun'}
-- EXAMPLE: a number with three wrong guesses: {1}, and its key expires 400 days after the third

if not is_being_rebuilt(KEYS[1], KEYS[2], ARGV[1]) then
  return { 'not_begun' }
end
local now, count = now_ms(ARGV[2]), 0
for place = 3, #KEYS do
  local fields, left = cjson.decode(ARGV[2 * place - 2]), tonumber(ARGV[2 * place - 1]) + tonumber(ARGV[3]) - now
  redis.call('DEL', KEYS[place])
  if fields.x or left > 0 then
    for name, value in pairs(fields) do
      redis.call('HSET', KEYS[place], name, value)
    end
    if not fields.x then
      redis.call('PEXPIRE', KEYS[place], math.min(left, tonumber(ARGV[3])))
    end
    count = count + 1
  end
end
return { count }
