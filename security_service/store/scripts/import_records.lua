-- PURPOSE: write records of one shard, each where it still is what was known, with an event of each.
-- USES: events
-- KEYS: 1 events  2 seq  3… bucket of each record  last: installation marker
-- ARGV: 1 now ms or ''  2 shard  3… field, record as known or '', new record, subject (JSON), facts (JSON) of each
--       last: installation id
-- RETURNS: {0 where it was written, else the record that is there, …} | {'other_store'}
-- EXAMPLE: two new records and one that another process wrote meanwhile: {0, 0, record}

if is_other_store(KEYS[#KEYS], ARGV[#ARGV]) then
  return { 'other_store' }
end
local frame = { stream = KEYS[1], seq = KEYS[2], shard = ARGV[2], now = now_ms(ARGV[1]) }
local done = {}
for place = 3, #KEYS - 1 do
  local at = 5 * place - 12
  local there = redis.call('HGET', KEYS[place], ARGV[at]) or ''
  if there ~= ARGV[at + 1] then
    done[#done + 1] = there
  else
    redis.call('HSET', KEYS[place], ARGV[at], ARGV[at + 2])
    frame.subject = ARGV[at + 3]
    emit(frame, 'subscriber_imported', ARGV[at + 4], nil)
    done[#done + 1] = 0
  end
end
return done
