-- PURPOSE: have a letter that its sink did not take wait for its next attempt.
-- USES: jobs
-- KEYS: 1 queue of letters  2 letters
-- ARGV: 1 letter id  2 letter  3 due ms
-- RETURNS: {1}, or {0} where it was forgotten meanwhile
-- EXAMPLE: a letter that was claimed: {1}

if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then
  return { 0 }
end
put_job(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
return { 1 }
