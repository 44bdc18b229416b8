-- A page of dead letters, oldest first. ARGV from 5: the number after which it begins, how many. Answers {number, id, record, errors} each.
local page = {}
local rows = call('ZRANGEBYSCORE', A .. ':dead', '(' .. ARGV[5], '+inf', 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[6]))
for i = 1, #rows, 2 do
  local hash = name('job', rows[i])
  page[#page + 1] = { rows[i + 1], rows[i], call('HGETALL', hash), call('LRANGE', hash .. ':errors', 0, -1) }
end
return page
