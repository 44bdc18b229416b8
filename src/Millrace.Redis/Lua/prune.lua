-- Forgets finished jobs beyond the number that is kept and those finished before a time, a step at a time. ARGV from 5: ms since 1970, most
-- in one step. Answers how many.
local before, step = tonumber(ARGV[5]), tonumber(ARGV[6])
local gone = {}
local beyond = call('ZCARD', A .. ':finished') - retained
if beyond > 0 then gone = call('ZRANGE', A .. ':finished', 0, math.min(beyond, step) - 1) end
if #gone == 0 then
  for _, id in ipairs(call('ZRANGE', A .. ':finished', 0, step - 1)) do
    if tonumber(call('HGET', name('job', id), 'finished') or 0) >= before then break end
    gone[#gone + 1] = id
  end
end
for _, id in ipairs(gone) do
  call('ZREM', A .. ':finished', id)
  call('DEL', name('job', id), name('job', id) .. ':errors')
end
free(true)
return #gone
