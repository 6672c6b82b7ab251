-- PURPOSE: let go of a stream's entries that are archived, up to and with one of them.
-- The last one to go must be the very entry that the archive holds: in a store that was lost and made
-- anew the same id may name another event.
-- KEYS: 1 events
-- ARGV: 1 id of the entry  2 SHA-1 of its text in hex  3 the id after it
-- RETURNS: {1}, or {0} where that entry is not there
-- EXAMPLE: entries 1-0, 2-0, 3-0 and the entry 2-0: {1}, and 3-0 is left; once more: {0}

local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #found == 0 or redis.sha1hex(found[1][2][2]) ~= ARGV[2] then
  return { 0 }
end
redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[3])
return { 1 }
