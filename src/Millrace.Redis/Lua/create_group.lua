-- Makes the group, from the first entry there is, unless it is there. Where it had been there and is gone, all claims are gone with it:
-- everything unfinished is read again, and nothing is skipped. Answers 1 when it was made.
local groups = redis.pcall('XINFO', 'GROUPS', S)
if not groups.err then
  for _, row in ipairs(groups) do
    if to_map(row)['name'] == G then return 0 end
  end
end
call('XGROUP', 'CREATE', S, G, '0', 'MKSTREAM')

-- Records of entries that will be read anew go; jobs that hold their own message stay, out of anybody's hands.
local function forget_or_ready(id)
  local job = read_job(id)
  if not job then return end
  if job.entry == '1' then call('DEL', name('job', id), name('job', id) .. ':errors')
  else
    call('HDEL', name('job', id), 'owner')
    make_ready(id, job.place, job.priority)
  end
end
for _, member in ipairs(call('ZRANGE', A .. ':ready', 0, -1)) do
  local id = id_of(member)
  if call('HGET', name('job', id), 'entry') == '1' then
    call('ZREM', A .. ':ready', member)
    forget_or_ready(id)
  end
end
for _, owner in ipairs(call('ZRANGE', A .. ':owners', 0, -1)) do
  for _, id in ipairs(call('SMEMBERS', name('claims', owner))) do forget_or_ready(id) end
  call('DEL', name('claims', owner), name('back', owner), name('running', owner), name('settled', owner))
end
for _, key in ipairs(call('HKEYS', A .. ':keys')) do
  for _, member in ipairs(call('ZRANGE', name('lane', key), 0, -1)) do forget_or_ready(id_of(member)) end
  call('DEL', name('lane', key))
end
call('DEL', A .. ':owners', A .. ':keys', A .. ':cancels')
call('HSET', A .. ':counts', 'held', 0, 'leased', 0)
for _, id in ipairs(call('ZRANGE', A .. ':due', 0, -1)) do
  local job = read_job(id)
  if job and job.owner == 'parked' then
    local gate = gate_of(job.key)
    gate.parked = gate.parked + 1
    touch(job.key)
  end
end
for _, id in ipairs(call('ZRANGE', A .. ':dead', 0, -1)) do
  local job = read_job(id)
  if job and job.holds == '1' then
    local gate = gate_of(job.key)
    gate.parked = gate.parked + 1
    touch(job.key)
  end
end
return done(1)
