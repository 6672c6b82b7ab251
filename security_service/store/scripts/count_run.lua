-- PURPOSE: count what became of numbers of a bulk re-verification; a run that is gone is not brought back.
-- KEYS: 1 run
-- ARGV: 1 name of the count  2 how many
-- RETURNS: {1}, or {0} where the run is gone
-- EXAMPLE: one number more that was answered by the same SIM: {1}

if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 0 }
end
redis.call('HINCRBY', KEYS[1], 'n:' .. ARGV[1], ARGV[2])
return { 1 }
