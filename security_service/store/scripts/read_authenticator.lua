-- PURPOSE: read a number's authenticator; changes nothing. An offer whose time ran out, or that ended, is none.
-- USES: events
-- KEYS: 1 authenticator
-- ARGV: 1 now ms or ''  2 life of an offer ms
-- RETURNS: {now ms, '' or offered or active, id, ms of offer or confirmation, sealed secret}
-- EXAMPLE: a number without one: {1700000000000, '', '', 0, ''}

local now = now_ms(ARGV[1])
local app = redis.call('HMGET', KEYS[1], 'st', 'id', 'since', 's')
local is_over = app[1] == 'offered' and tonumber(app[3]) + tonumber(ARGV[2]) <= now
if not app[1] or app[1] == 'ended' or is_over then
  return { now, '', '', 0, '' }
end
return { now, app[1], app[2], tonumber(app[3]), app[4] }
