-- PURPOSE: who runs under an idempotency key, for the scripts that name `idempotency`.
-- A hash: body (digest of the request), holder (request id of the first call), lease (ms), then `lost`
-- (what a lost lease is answered as, once a code was stored) and `answer` (once it is known).

-- the first call's key goes when it ends without a message, so that a retry is decided afresh
local function drop_key(key, holder)
  if redis.call('HGET', key, 'holder') == holder then
    redis.call('DEL', key)
  end
end

local function hold_key(key, body, holder, lease, kept, ...)
  redis.call('HSET', key, 'body', body, 'holder', holder, 'lease', whole(lease), ...)
  redis.call('PEXPIRE', key, kept)
end
