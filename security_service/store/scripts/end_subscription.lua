-- PURPOSE: end a subscription and queue the letter that says so.
-- USES: jobs
-- KEYS: 1 documents  2 marks  3 ends  4 subscriptions of the number  5 queue of letters  6 letters
-- ARGV: 1 id  2 letter id  3 letter  4 now ms  5 ms that letters are kept
-- RETURNS: {1}, or {0} where it had ended
-- EXAMPLE: a live one: {1}; again: {0}

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return { 0 }
end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
put_job(KEYS[5], KEYS[6], ARGV[2], ARGV[3], ARGV[4])
redis.call('PEXPIRE', KEYS[5], ARGV[5])
redis.call('PEXPIRE', KEYS[6], ARGV[5])
return { 1 }
