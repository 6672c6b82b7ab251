-- PURPOSE: give the places of an attempt to sign in back: it was no guess.
-- USES: events windows
-- KEYS: 1 attempts of the device  2 of the network  3 of strangers for the name
-- ARGV: 1 request
-- RETURNS: {1}
-- EXAMPLE: an attempt that was admitted leaves no trace in the windows

for _, key in ipairs(KEYS) do
  give_window_back(key, ARGV[1])
end
return { 1 }
