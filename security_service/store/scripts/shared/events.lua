-- PURPOSE: time, canonical JSON and the event stream, for the scripts that name `events`.
-- Events are RFC 8785 text: members in order, no white space, integers only. What a script
-- tells itself (`outcome`) is a flat table of strings, integers and booleans; `facts` and
-- `subject` come as canonical text from the caller.

local function now_ms(given)
  if given ~= '' then
    return tonumber(given)
  end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- a store that was emptied, or is another's: what is written there would pass for this one's history;
-- a shard's marker is a text, that of the management shard a hash
local function is_other_store(marker, id)
  return redis.call('GET', marker) ~= id
end

local function is_managed_elsewhere(marker, id)
  return redis.call('HGET', marker, 'id') ~= id
end

local function whole(number)
  return string.format('%.0f', number)
end

local function canonical(value)
  local kind = type(value)
  if kind == 'number' then
    return whole(value)
  elseif kind == 'boolean' then
    return value and 'true' or 'false'
  end
  -- only short ASCII tokens get here: nothing in them needs an escape
  return '"' .. value .. '"'
end

local function flat_json(outcome)
  local names = {}
  for name in pairs(outcome) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    names[i] = '"' .. name .. '":' .. canonical(outcome[name])
  end
  return '{' .. table.concat(names, ',') .. '}'
end

-- frame = {stream = KEYS[..], seq = KEYS[..], shard = ARGV[..], subject = ARGV[..], now = ms}
local function emit(frame, kind, facts, outcome)
  local seq = redis.call('INCR', frame.seq)
  local text = '{"at":' .. whole(frame.now)
    .. ',"facts":' .. (facts == '' and '{}' or facts)
    .. ',"kind":"' .. kind
    .. '","outcome":' .. flat_json(outcome or {})
    .. ',"seq":' .. whole(seq)
    .. ',"shard":"' .. frame.shard
    .. '","subject":' .. frame.subject
    .. ',"v":1}'
  local entry = redis.pcall('XADD', frame.stream, whole(frame.now) .. '-*', 'e', text)
  if type(entry) == 'table' and entry.err then
    -- the clock stepped back behind the newest entry: the order of the stream comes first
    redis.call('XADD', frame.stream, '*', 'e', text)
  end
end

-- events packed by the caller: kind, facts, kind, facts, … in argv[first .. first + 2 * count - 1]
local function emit_given(frame, argv, first, count)
  for i = first, first + 2 * count - 1, 2 do
    emit(frame, argv[i], argv[i + 1], nil)
  end
end
