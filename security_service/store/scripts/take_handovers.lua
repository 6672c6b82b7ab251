-- PURPOSE: take messages that were handed over, each at most once: its text is gone when this gives it out.
-- KEYS: 1 stream  2.. ticket, sealed text of each message in turn
-- ARGV: 1.. entry of the stream of each message in turn
-- RETURNS: {sealed text or '', ms left, …}; '' for a message that was taken, withdrawn or is too late
-- EXAMPLE: one message of two taken by another process: {'', 0, '<sealed>', 4200}

local taken = {}
for i, entry in ipairs(ARGV) do
  local ticket, text = KEYS[2 * i], KEYS[2 * i + 1]
  local sealed, left = '', 0
  if redis.call('GET', ticket) == 'queued' then
    sealed = redis.call('GET', text) or ''
    if sealed ~= '' then
      left = redis.call('PTTL', text)
      redis.call('SET', ticket, 'taken', 'KEEPTTL')
    end
  end
  redis.call('DEL', text)
  redis.call('XDEL', KEYS[1], entry)
  taken[#taken + 1] = sealed
  taken[#taken + 1] = left
end
return taken
