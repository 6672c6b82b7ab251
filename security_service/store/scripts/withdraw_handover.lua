-- PURPOSE: end the wait for a message: take it back where nobody has taken it.
-- KEYS: 1 ticket  2 sealed text  3 reply
-- ARGV: none
-- RETURNS: {'withdrawn'} | {'taken'} | {'replied', reply}
-- EXAMPLE: nobody looked at the stream: {'withdrawn'}, and from now on nobody gets the text

local state = redis.call('GET', KEYS[1])
if state == 'queued' or state == 'withdrawn' then
  redis.call('SET', KEYS[1], 'withdrawn', 'KEEPTTL')
  redis.call('DEL', KEYS[2])
  return { 'withdrawn' }
end
local replies = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)
if #replies == 1 then
  return { 'replied', replies[1][2][2] }
end
return { 'taken' }
