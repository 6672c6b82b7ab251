-- PURPOSE: take jobs that are due from one shard; each comes back when its lease ends unless finished.
-- USES: events
-- KEYS: 1 queue  2 bodies
-- ARGV: 1 now ms or ''  2 how many  3 lease ms
-- RETURNS: {id, body, id, body, …}; a message's body begins with 'm' when first given out, then with 's'
-- EXAMPLE: one due notice: {'n1', 'm{…}'}; claimed again after its lease: {'n1', 's{…}'}

local now = now_ms(ARGV[1])
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now), 'LIMIT', 0, tonumber(ARGV[2]))
local taken = {}
for _, id in ipairs(due) do
  local body = redis.call('HGET', KEYS[2], id)
  if body then
    redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), id)
    if string.sub(body, 1, 1) == 'm' then
      redis.call('HSET', KEYS[2], id, 's' .. string.sub(body, 2))
    end
    taken[#taken + 1] = id
    taken[#taken + 1] = body
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return taken
