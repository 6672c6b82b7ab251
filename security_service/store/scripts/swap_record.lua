-- PURPOSE: write a subscriber's record where it still is what was read, with its events and jobs.
-- A code that dies of it loses its sealed text.
-- USES: events jobs slots
-- KEYS: 1 bucket of records  2 slot of the code that dies  3 events  4 seq  5 queue  6 bodies
--       7 sealed text of the code that dies  8 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 field of the record  5 record as it was read
--       6 new record, '' where nothing is left of it  7 code id that dies or ''  8 how many events  9 how many jobs
--       10… kind, facts of each event; then id, body, due ms of each job; last the installation id
-- RETURNS: {1}, or {0} where the record has moved | {'other_store'}
-- EXAMPLE: two writers that read the same record: the first gets {1}, the second {0}

if is_other_store(KEYS[8], ARGV[#ARGV]) then
  return { 'other_store' }
end
if (redis.call('HGET', KEYS[1], ARGV[4]) or '') ~= ARGV[5] then
  return { 0 }
end
local now = now_ms(ARGV[1])
local frame = { stream = KEYS[3], seq = KEYS[4], shard = ARGV[3], subject = ARGV[2], now = now }
if ARGV[6] == '' then
  redis.call('HDEL', KEYS[1], ARGV[4])
else
  redis.call('HSET', KEYS[1], ARGV[4], ARGV[6])
end
if ARGV[7] ~= '' then
  local slot = read_slot(KEYS[2])
  if slot.id == ARGV[7] and is_checkable(slot, now) then
    redis.call('HSET', KEYS[2], 'st', 'dead')
    redis.call('DEL', KEYS[7])
    keep_slot(KEYS[2], slot, now)
    emit(frame, 'code_killed', '', { code_id = slot.id, reason = 'sim_changed' })
  end
end
local events = tonumber(ARGV[8])
emit_given(frame, ARGV, 10, events)
put_given_jobs(KEYS[5], KEYS[6], now, ARGV, 10 + 2 * events, tonumber(ARGV[9]))
return { 1 }
