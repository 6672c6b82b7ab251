-- PURPOSE: the person of a session that has not ended, and the session used now. It ends by time, and when
--          the person's sessions are ended: their generation is another then.
-- USES: events
-- KEYS: 1 session  2 people  3 generations  4 installation
-- ARGV: 1 now ms or ''  2 idle ms  3 installation id
-- RETURNS: {record of the person} | {''} where there is none | {'other_store'}
-- EXAMPLE: a session that was unused for longer than 'idle': {''}

if is_managed_elsewhere(KEYS[4], ARGV[3]) then
  return { 'other_store' }
end
local session = redis.call('HMGET', KEYS[1], 'name', 'generation', 'seen', 'ends')
local name = session[1]
if not name then
  return { '' }
end
local now, idle = now_ms(ARGV[1]), tonumber(ARGV[2])
local person = redis.call('HGET', KEYS[2], name)
local is_current = (redis.call('HGET', KEYS[3], name) or '0') == session[2]
if not person or not is_current or now >= tonumber(session[3]) + idle or now >= tonumber(session[4]) then
  redis.call('DEL', KEYS[1])
  return { '' }
end
redis.call('HSET', KEYS[1], 'seen', whole(math.max(now, tonumber(session[3]))))
redis.call('PEXPIRE', KEYS[1], math.min(idle, tonumber(session[4]) - now))
return { person }
