-- PURPOSE: write events and jobs about one number that come of no change of its own state.
-- USES: events jobs
-- KEYS: 1 events  2 seq  3 queue  4 bodies  5 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 how many events  5 how many jobs  6… kind, facts of each
--       event; then id, body, due ms of each job; last the installation id
-- RETURNS: {1} | {'other_store'}
-- EXAMPLE: a reply that was taken in, to be handed to the bank: {1}, one event and one job

if is_other_store(KEYS[5], ARGV[#ARGV]) then
  return { 'other_store' }
end
local now = now_ms(ARGV[1])
local events = tonumber(ARGV[4])
emit_given({ stream = KEYS[1], seq = KEYS[2], shard = ARGV[3], subject = ARGV[2], now = now }, ARGV, 6, events)
put_given_jobs(KEYS[3], KEYS[4], now, ARGV, 6 + 2 * events, tonumber(ARGV[5]))
return { 1 }
