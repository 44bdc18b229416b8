-- Gives back what an owner holds without knowing it, because the answer of a fetch was lost. ARGV from 5: the owner, then the ids it
-- knows. Answers how many others there were.
local owner, known, count = ARGV[5], {}, 0
for i = 6, #ARGV do known[ARGV[i]] = true end
local function release(id, job)
  if known[id] then return end
  count = count + 1
  give_back(id, job, owner, false, {})
end
for _, id in ipairs(call('SMEMBERS', name('claims', owner))) do
  local job = read_job(id)
  if job and job.entry ~= '1' then release(id, job) end
end
local from = '-'
while true do
  local rows = call('XPENDING', S, G, from, '+', 1000, owner)
  if #rows == 0 then break end
  for _, row in ipairs(rows) do
    local id = row[1]
    if not known[id] then
      local entry = read_entry(id)
      local job = read_job(id)
      if not job and entry then
        call('HSET', name('job', id), 'state', 'leased', 'token', 1, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', place_of(id), 'key', entry.key or '', 'at', string.match(id, '^%d+'), 'entry', 1)
        job = read_job(id)
      end
      if entry then
        call('XCLAIM', S, G, POOL, 0, id, 'JUSTID')
        release(id, job)
      end
    end
  end
  from = '(' .. rows[#rows][1]
end
return done(count)
