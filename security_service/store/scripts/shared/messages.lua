-- PURPOSE: a relayed message and its ends, for the scripts that name `messages`.
-- A message is a hash: st (state), num (number), face, acc (account), ref (the account's id), snd (sender), pur (purpose),
-- taken, due, exp, sent, fin (milliseconds), rep ('1' where the account is told), segs, txt (sealed text),
-- why (reason), gw (gateway), lease (milliseconds).

-- a message is kept for a week after it can no longer leave
local MESSAGE_KEPT = 604800000

local MESSAGE_ENDS = { delivered = true, undelivered = true, expired = true, refused = true,
  failed = true, unknown = true, withdrawn = true }

-- A state that nothing changes any more: the text goes, and the account is told by a job of its own.
-- report = {queue = KEYS[..], bodies = KEYS[..], id = job id, body = job body}
local function end_message(key, state, reason, now, report)
  redis.call('HSET', key, 'st', state, 'why', reason, 'fin', whole(now))
  redis.call('HDEL', key, 'txt', 'lease')
  if redis.call('HGET', key, 'rep') == '1' then
    put_job(report.queue, report.bodies, report.id, report.body, now)
  end
end
