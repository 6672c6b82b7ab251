-- PURPOSE: write down something that people did with the log itself: exports, evidence, alarms about it.
-- USES: events
-- KEYS: 1 events  2 seq  3 installation
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 event kind  5 facts (JSON)  6 installation id
-- RETURNS: {1} | {'other_store'}
-- EXAMPLE: an auditor exports the log: {1}, and the event audit_exported

if is_managed_elsewhere(KEYS[3], ARGV[6]) then
  return { 'other_store' }
end
emit({ stream = KEYS[1], seq = KEYS[2], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  ARGV[4], ARGV[5], nil)
return { 1 }
