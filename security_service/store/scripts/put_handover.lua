-- PURPOSE: hand a message over to the process that owns a gateway's connections, unless nobody takes any.
-- KEYS: 1 desk  2 stream  3 ticket  4 sealed text
-- ARGV: 1 id  2 sealed text  3 ms in which it may be taken  4 ms that the ticket is kept  5 ms of the stream
-- RETURNS: {1} also where it was handed over before (a call whose reply was lost), or {0} with no desk open
-- EXAMPLE: while a desk is open {1}, and the stream holds one entry with the id; without one {0}

if redis.call('EXISTS', KEYS[3]) == 1 then
  return { 1 }
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 0 }
end
redis.call('SET', KEYS[3], 'queued', 'PX', ARGV[4])
redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[3])
redis.call('XADD', KEYS[2], '*', 'id', ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return { 1 }
