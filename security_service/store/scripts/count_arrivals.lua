-- PURPOSE: add codes sent and entered to the cohorts of their pairs of gateway and operator.
-- KEYS: 1 cohorts
-- ARGV: 1 expiry ms  2… field (`gateway|operator|cohort|s` or `…|e`) and count of each
-- RETURNS: {1}
-- EXAMPLE: 'devino|25001|425000000|s', '3': three codes left in that cohort

for i = 2, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return { 1 }
