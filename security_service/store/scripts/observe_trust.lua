-- PURPOSE: note what a source said of one operator's SIMs: what proves it, what speaks against it, how often SIMs change.
-- USES: events
-- KEYS: 1 first IMSI of a number, while the source learns  2 numbers that gave one IMSI twice
--       3 IMSIs of numbers that changed  4 numbers with three of them in a day  5 answers and changes by hour
-- ARGV: 1 now ms or ''  2 '1' while the source learns  3 milliseconds that lie between the two at least
--       4 numbers that are enough  5 answers that were compared  6 new changes among them
--       7… number, token of its IMSI, tokens of others shown within the day (`a,b` or ''), '1' where it changed
-- RETURNS: {numbers that proved it, numbers with three IMSIs, changes and answers of this hour, the same of the
--           days before, which are 0 where no change is new}
-- EXAMPLE: three answers in a day for one number, each with another IMSI than before: the second number is 1

local DAY, HOUR, KEPT = 86400000, 3600000, 8 * 24
local now = now_ms(ARGV[1])

local function learn(number, token)
  local known = redis.call('HGET', KEYS[1], number)
  local since, first = string.match(known or '', '^(%d+) (.+)$')
  if first == token then
    if now - tonumber(since) >= tonumber(ARGV[3]) and redis.call('SCARD', KEYS[2]) < tonumber(ARGV[4]) then
      redis.call('SADD', KEYS[2], number)
      redis.call('PEXPIRE', KEYS[2], 30 * DAY)
    end
  elseif known or redis.call('HLEN', KEYS[1]) < 40 * tonumber(ARGV[4]) then
    -- another IMSI than before proves nothing: the number begins anew
    redis.call('HSET', KEYS[1], number, whole(now) .. ' ' .. token)
    redis.call('PEXPIRE', KEYS[1], 30 * DAY)
    redis.call('SREM', KEYS[2], number)
  end
end

local function changed(number, token, others)
  local shown, count = {}, 0
  local function show(one, at)
    if not shown[one] then
      shown[one], count = at, count + 1
    end
  end
  show(token, now)
  for one in string.gmatch(others, '[^,]+') do
    show(one, now)
  end
  for one, at in string.gmatch(redis.call('HGET', KEYS[3], number) or '', '([^:,]+):(%d+)') do
    if now - tonumber(at) < DAY then
      show(one, tonumber(at))
    end
  end
  if count >= 3 then
    redis.call('ZADD', KEYS[4], now, number)
    redis.call('PEXPIRE', KEYS[4], DAY)
  end
  local packed = {}
  for one, at in pairs(shown) do
    if #packed < 3 then
      packed[#packed + 1] = one .. ':' .. whole(at)
    end
  end
  redis.call('HSET', KEYS[3], number, table.concat(packed, ','))
  redis.call('PEXPIRE', KEYS[3], DAY)
end

-- the days before, without the hour under way; hours that are too old are dropped
local function past(hour)
  local compared, changes = 0, 0
  local counts = redis.call('HGETALL', KEYS[5])
  for i = 1, #counts, 2 do
    local what, at = string.match(counts[i], '^(%a)(%d+)$')
    if tonumber(at) <= hour - KEPT then
      redis.call('HDEL', KEYS[5], counts[i])
    elseif tonumber(at) < hour then
      if what == 'a' then
        compared = compared + tonumber(counts[i + 1])
      else
        changes = changes + tonumber(counts[i + 1])
      end
    end
  end
  return changes, compared
end

for i = 7, #ARGV, 4 do
  if ARGV[2] == '1' then
    learn(ARGV[i], ARGV[i + 1])
  end
  if ARGV[i + 3] == '1' then
    changed(ARGV[i], ARGV[i + 1], ARGV[i + 2])
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - DAY)

local hour = math.floor(now / HOUR)
local all = redis.call('HINCRBY', KEYS[5], 'a' .. whole(hour), ARGV[5])
local changes = redis.call('HINCRBY', KEYS[5], 'c' .. whole(hour), ARGV[6])
redis.call('PEXPIRE', KEYS[5], 9 * DAY)
local past_changes, past_all = 0, 0
if tonumber(ARGV[6]) > 0 then
  past_changes, past_all = past(hour)
end
return { redis.call('SCARD', KEYS[2]), redis.call('ZCARD', KEYS[4]), changes, all, past_changes, past_all }
