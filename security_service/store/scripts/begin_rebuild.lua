-- PURPOSE: tell what a shard holds before a rebuild, and mark one that is empty as being rebuilt.
-- KEYS: 1 installation marker  2 mark of the rebuild  3… all that an emptied shard must not have
-- ARGV: 1 installation id  2 '1' to mark an empty shard, '' to change nothing
-- RETURNS: {'empty' | 'begun' | 'ours' | 'anothers' | 'foreign'}: nothing is there; it is being rebuilt by this
--          installation; it is in use by it; by another; it holds what nobody marked
-- EXAMPLE: an emptied shard, ARGV 2 '1': {'begun'}; looked at again: {'begun'}

local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'none' then
  local id = kind == 'hash' and redis.call('HGET', KEYS[1], 'id') or kind == 'string' and redis.call('GET', KEYS[1])
  return { id == ARGV[1] and 'ours' or 'anothers' }
end
local mark = redis.call('GET', KEYS[2])
if mark then
  return { mark == ARGV[1] and 'begun' or 'anothers' }
end
for place = 3, #KEYS do
  if redis.call('EXISTS', KEYS[place]) == 1 then
    return { 'foreign' }
  end
end
if ARGV[2] == '1' then
  redis.call('SET', KEYS[2], ARGV[1])
  return { 'begun' }
end
return { 'empty' }
