-- What the verbs begin with that take claims back: whole owners, or what they hold without knowing it.
local MAX_TAKEN_BACK = 1000

-- All entries that are pending under a name.
local function each_pending(consumer, each)
  local from = '-'
  while true do
    local rows = call('XPENDING', S, G, from, '+', 1000, consumer)
    if #rows == 0 then return end
    for _, row in ipairs(rows) do each(row[1]) end
    from = '(' .. rows[#rows][1]
  end
end

-- The entries of a consumer come into the pool with what is known of them; those that are there no more are lost, and said to be.
local function pool_entries(consumer, each)
  local pending = call('XPENDING', S, G, '-', '+', MAX_TAKEN_BACK, consumer)
  if #pending == 0 then return 0 end
  local ids = {}
  for i, row in ipairs(pending) do ids[i] = row[1] end
  local there = {}
  for _, entry in ipairs(call('XCLAIM', S, G, POOL, 0, unpack(ids))) do
    if entry and entry[2] then there[entry[1]] = to_map(entry[2]) end
  end
  for _, id in ipairs(ids) do
    if there[id] then each(id, there[id])
    else
      local job = read_job(id)
      if job then let_go(job.key, consumer) end
      lose(id)
    end
  end
  return #pending
end

-- What an owner holds goes back to its place. With a crash, what it had running counts one more, and all of it is suspect: the rest may
-- have begun in the moment before the end.
local function give_back(id, job, owner, crashed, running)
  drop_claim(id, owner, job)
  let_go(job.key, owner)
  if is_cancelled(id, job) then
    finish(id, job, 5)
    return false
  end
  local ran = crashed and running[id]
  if ran then call('HINCRBY', name('job', id), 'crashes', 1) end
  call('HSET', name('job', id), 'suspects', crashed and 1 or 0)
  call('HDEL', name('job', id), 'owner')
  make_ready(id, job.place, job.priority)
  return ran
end

-- What an owner had in hand and no longer has, others took or removed; of such an entry nobody knows the key any more.
local function let_all_go(owner)
  if not gated then return end
  local all = call('HGETALL', A .. ':keys')
  for i = 1, #all, 2 do
    local key = all[i]
    gates[key] = gates[key] or parse_gate(all[i + 1])
    if gates[key].owner == owner and gates[key].count > 0 then
      gates[key].count = 0
      touch(key)
    end
  end
end

-- Returns how many jobs came back, how many had been running, and whether that was all.
local function end_owner(owner, crashed)
  call('ZADD', A .. ':owners', 'XX', 0, owner)
  local running = {}
  for id in string.gmatch(call('GET', name('running', owner)) or '', '[^,]+') do running[id] = true end
  local jobs, crashes = 0, 0
  for _, id in ipairs(call('SRANDMEMBER', name('claims', owner), MAX_TAKEN_BACK)) do
    local job = read_job(id)
    if job and job.entry ~= '1' then
      jobs = jobs + 1
      if give_back(id, job, owner, crashed, running) then crashes = crashes + 1 end
    end
    call('SREM', name('claims', owner), id)
  end
  local pooled = pool_entries(owner, function(id, entry)
    local job = read_job(id)
    if not job then
      call('HSET', name('job', id), 'state', 'leased', 'token', 1, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', place_of(id), 'key', entry.key or '', 'at', string.match(id, '^%d+'), 'entry', 1)
      job = read_job(id)
    end
    jobs = jobs + 1
    if give_back(id, job, owner, crashed, running) then crashes = crashes + 1 end
  end)
  local done = pooled < MAX_TAKEN_BACK and call('SCARD', name('claims', owner)) == 0
  if done and call('ZREM', A .. ':owners', owner) == 1 then
    let_all_go(owner)
    call('DEL', name('claims', owner), name('back', owner), name('running', owner), name('settled', owner))
    if call('GET', A .. ':alone') == owner then call('DEL', A .. ':alone') end
    -- Only ours, and only once nothing is pending under the name: with a name its pending entries would go.
    call('XGROUP', 'DELCONSUMER', S, G, owner)
  end
  return jobs, crashes, done
end
