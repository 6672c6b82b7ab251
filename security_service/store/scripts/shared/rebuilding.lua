-- PURPOSE: whether a shard is being rebuilt, for the scripts that name `rebuilding`.
-- A shard that is being rebuilt has the installation's id in its mark, and no marker yet: nobody decides on it.

local function is_being_rebuilt(marker, mark, id)
  return redis.call('EXISTS', marker) == 0 and redis.call('GET', mark) == id
end
