-- PURPOSE: the tenant's hour: add messages that left.
-- USES: events windows wide
-- KEYS: 1 all sends of the hour
-- ARGV: 1 now ms or ''  2 how many
-- RETURNS: {1}
-- EXAMPLE: 7 messages that left in the last second: {1}

wide_add(KEYS[1], 3600000, now_ms(ARGV[1]), tonumber(ARGV[2]))
return { 1 }
