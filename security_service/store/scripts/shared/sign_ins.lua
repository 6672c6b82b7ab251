-- PURPOSE: what the scripts that name `sign_ins` share: events of refusals, so many an hour, and places.
-- Who is refused writes events that others pay for: past 600 an hour they are only counted, and the next
-- one that is written tells of how many there were.

local REFUSALS_AN_HOUR = 600
local HOUR_MS = 3600000

-- told = {hash of counts}; frame, facts and outcome as `emit` takes them
local function tell_refusal(told, frame, facts, outcome)
  local started = tonumber(redis.call('HGET', told, 'started') or '0')
  if frame.now >= started + HOUR_MS or frame.now < started then
    redis.call('HSET', told, 'started', whole(frame.now), 'written', '0')
  end
  redis.call('PEXPIRE', told, 720 * HOUR_MS)
  if redis.call('HINCRBY', told, 'written', 1) > REFUSALS_AN_HOUR then
    redis.call('HINCRBY', told, 'unwritten', 1)
    return
  end
  outcome.unwritten = tonumber(redis.call('HGET', told, 'unwritten') or '0')
  redis.call('HDEL', told, 'unwritten')
  emit(frame, 'sign_in_refused', facts, outcome)
end

local function count_unwritten(told)
  redis.call('HINCRBY', told, 'unwritten', 1)
  redis.call('PEXPIRE', told, 720 * HOUR_MS)
end
