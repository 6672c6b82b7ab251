-- PURPOSE: say what became of messages that were taken, for those who wait for it.
-- KEYS: 1.. ticket, reply of each message in turn
-- ARGV: 1 ms that a reply is kept  2.. reply of each message in turn
-- RETURNS: {how many were still wanted}
-- EXAMPLE: a message in time and one whose caller gave up and whose ticket is gone: {1}

local wanted = 0
for i = 2, #ARGV do
  local ticket, reply = KEYS[2 * i - 3], KEYS[2 * i - 2]
  if redis.call('GET', ticket) == 'taken' then
    redis.call('SET', ticket, 'replied', 'KEEPTTL')
    redis.call('XADD', reply, '*', 'reply', ARGV[i])
    redis.call('PEXPIRE', reply, ARGV[1])
    wanted = wanted + 1
  end
end
return { wanted }
