-- PURPOSE: forget a report that its account has.
-- USES: jobs
-- KEYS: 1 queue of the account  2 bodies of the account
-- ARGV: 1 report id
-- RETURNS: {1}, or {0} where it was forgotten before
-- EXAMPLE: a claimed report: {1}; again: {0}

return { drop_job(KEYS[1], KEYS[2], ARGV[1]) }
