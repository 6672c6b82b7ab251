-- PURPOSE: the event of an attempt to sign in that failed; past so many an hour they are counted only.
-- USES: events sign_ins
-- KEYS: 1 counts of refusals  2 events  3 seq  4 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 facts (JSON)  5 reason  6 installation id
-- RETURNS: {1} | {'other_store'}
-- EXAMPLE: a wrong password gives {1} and the event 'sign_in_refused'

if is_managed_elsewhere(KEYS[4], ARGV[6]) then
  return { 'other_store' }
end
tell_refusal(KEYS[1],
  { stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV[4], { reason = ARGV[5] })
return { 1 }
