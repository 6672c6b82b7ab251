-- PURPOSE: the queue behind the scenes, for the scripts that name `jobs`.
-- One sorted set a shard holds job ids by the millisecond they are due (or their lease ends);
-- one hash a shard holds their bodies. Neither expires: a job ends by being finished.

local function put_job(queue, bodies, id, body, due)
  redis.call('HSET', bodies, id, body)
  redis.call('ZADD', queue, due, id)
end

local function drop_job(queue, bodies, id)
  redis.call('ZREM', queue, id)
  return redis.call('HDEL', bodies, id)
end

-- jobs packed by the caller: id, body, due in milliseconds from now, … in argv from `first`
local function put_given_jobs(queue, bodies, now, argv, first, count)
  for i = first, first + 3 * count - 1, 3 do
    put_job(queue, bodies, argv[i], argv[i + 1], now + tonumber(argv[i + 2]))
  end
end
