-- Gives back what an owner holds without knowing it, because the answer of a fetch was lost. ARGV from 5: the owner, then id and token of
-- each claim that it knows. Of an entry it may know an earlier claim and not the present one. Answers how many others there were.
local owner, known, count = ARGV[5], {}, 0
for i = 6, #ARGV, 2 do known[ARGV[i] .. ' ' .. ARGV[i + 1]] = true end
local function is_known(id, job) return known[id .. ' ' .. (job and job.token or '1')] end
local function release(id, job)
  if is_known(id, job) then return end
  count = count + 1
  give_back(id, job, owner, false, {})
end
for _, id in ipairs(call('SMEMBERS', name('claims', owner))) do
  local job = read_job(id)
  if job and job.entry ~= '1' then release(id, job) end
end
each_pending(owner, function(id)
  local job = read_job(id)
  local entry = not is_known(id, job) and read_entry(id)
  if not entry then return end
  if not job then
    call('HSET', name('job', id), 'state', 'leased', 'token', 1, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', place_of(id), 'key', entry.key or '', 'at', string.match(id, '^%d+'), 'entry', 1)
    job = read_job(id)
  end
  call('XCLAIM', S, G, POOL, 0, id, 'JUSTID')
  release(id, job)
end)
return done(count)
