-- PURPOSE: keep receipts that a provider brought, in any order and more than once; a final one stays.
-- KEYS: 1.. receipt of each message in turn
-- ARGV: 1 ms that a receipt is kept  2.. '1' where it is final, or '0', and the receipt, of each in turn
-- RETURNS: {how many were kept}
-- EXAMPLE: delivered, then 'en route' that was overtaken: {1}, then {0}

local kept = 0
for i, key in ipairs(KEYS) do
  local final, receipt = ARGV[2 * i], ARGV[2 * i + 1]
  local known = redis.call('GET', key)
  if not (known and string.sub(known, 1, 1) == '1') then
    redis.call('SET', key, final .. receipt, 'PX', ARGV[1])
    kept = kept + 1
  end
end
return { kept }
