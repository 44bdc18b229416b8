-- Makes the group, from the first entry there is, unless it is there. Where it had been there and is gone, all claims are gone with it:
-- everything unfinished is read again, and nothing is skipped. Answers 0 when it was there, 1 when it was made, 2 when it was made again,
-- and the ids that are lost.
local groups = redis.pcall('XINFO', 'GROUPS', S)
if not groups.err then
  for _, row in ipairs(groups) do
    if to_map(row)['name'] == G then return { 0, lost } end
  end
end
local again = call('HINCRBY', A .. ':counts', 'groups', 1) > 1
call('XGROUP', 'CREATE', S, G, '0', 'MKSTREAM')
call('HSET', A .. ':counts', 'run', run_of_server() or '')

-- What left the group may still be in the stream, for another group or an older entry keeps it there. It is not to be read again.
local left, newest = {}, nil
local function note_left(id)
  if not read_entry(id) then return end
  left[id] = true
  if not newest or place_of(newest) < place_of(id) then newest = id end
end

-- Records of entries that will be read anew go; jobs that hold their own message stay, out of anybody's hands.
local function forget_or_ready(id)
  local job = read_job(id)
  if not job then return end
  if job.entry ~= '1' then
    note_left(id)
    call('HDEL', name('job', id), 'owner')
    make_ready(id, job.place, job.priority)
  elseif read_entry(id) then call('DEL', name('job', id), name('job', id) .. ':errors')
  else lose(id)
  end
end
for _, kind in ipairs({ 'due', 'dead', 'finished' }) do
  for _, id in ipairs(call('ZRANGE', A .. ':' .. kind, 0, -1)) do
    if call('HGET', name('job', id), 'entry') ~= '1' then note_left(id) end
  end
end
for _, member in ipairs(call('ZRANGE', A .. ':ready', 0, -1)) do
  local id = id_of(member)
  if call('HGET', name('job', id), 'entry') == '1' then
    call('ZREM', A .. ':ready', member)
    forget_or_ready(id)
  else
    note_left(id)
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
call('DEL', A .. ':owners', A .. ':keys', A .. ':cancels', A .. ':alone')
call('HSET', A .. ':counts', 'held', 0, 'leased', 0)
for _, id in ipairs(call('ZRANGE', A .. ':due', 0, -1)) do
  local job = read_job(id)
  if job and job.entry == '1' then
    -- It stayed in the stream, and is read anew from there.
    call('ZREM', A .. ':due', id)
    call('DEL', name('job', id), name('job', id) .. ':errors')
  elseif job and job.owner == 'parked' then
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

-- Alone we may delete it. With others beside us we read up to the newest of it: what is to be run waits in the pool then.
local function pass_over(entry)
  local id, fields = entry[1], to_map(entry[2])
  if left[id] then call('XACK', S, G, id)
  else
    call('HSET', name('job', id), 'token', 0, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', place_of(id), 'key', fields.key or '', 'at', string.match(id, '^%d+'), 'entry', 1)
    make_ready(id, place_of(id))
  end
end
if newest and #call('XINFO', 'GROUPS', S) == 1 then
  for id in pairs(left) do call('XDEL', S, id) end
elseif newest then
  local read
  repeat
    for _, entry in ipairs(call('XREADGROUP', 'GROUP', G, POOL, 'COUNT', 1000, 'STREAMS', S, '>')[1][2]) do
      pass_over(entry)
      read = entry[1]
    end
  until place_of(read) >= place_of(newest)
end
return done({ again and 2 or 1, lost })
