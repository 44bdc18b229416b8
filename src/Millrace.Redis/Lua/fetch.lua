-- Claims deliveries for one owner: takes back what the dead held, makes ready what is due, then hands out ready jobs and new entries,
-- each key's in order. ARGV from 5: the owner ('' for a new one), its name without the number, lease ms, how many, whether keys are
-- ordered (1 or 0), after how many ms of silence a consumer that is none of ours counts as dead.
-- Answers: owner, ms until something is due (-1: nothing), last delivered id, last id of the wake stream, lost ids, jobs and crashes
-- taken back, the deliveries, whether the owner is alone and nothing waits for its turn (1 or 0). A new entry is {id, fields}; a job has
-- token, attempts, crashes, snoozes, suspects, ms of enqueueing behind it.
local owner, base, lease, room, ordered, silence = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10])
local taken = {}
-- Says NOGROUP before anything is written.
call('XPENDING', S, G)
local back, crashes = 0, 0

local function take_back_from_the_dead()
  for _, dead in ipairs(call('ZRANGEBYSCORE', A .. ':owners', '-inf', string.format('%d', now), 'LIMIT', 0, 10)) do
    local jobs, ran = end_owner(dead, true)
    back, crashes = back + jobs, crashes + ran
  end
  -- Others share the group in their own way; they have no lease, only silence.
  if call('SET', A .. ':looked', 1, 'NX', 'PX', math.max(math.floor(silence / 4), 1)) then
    for _, row in ipairs(call('XINFO', 'CONSUMERS', S, G)) do
      local consumer = to_map(row)
      if consumer['pending'] > 0 and consumer['idle'] >= silence and is_foreign(consumer['name']) then
        local first = call('XPENDING', S, G, 'IDLE', silence, '-', '+', 1, consumer['name'])
        if #first > 0 then
          local jobs = end_owner(consumer['name'], false)
          back = back + jobs
          -- What is in hand already may have been meant to come behind what comes back now.
          call('SET', A .. ':rescued', 1, 'PX', 10000)
        end
      end
    end
  end
end

-- A delayed publish takes its place now, as if it were published now; a retry keeps the place it had.
local function make_due_ready()
  local due = call('ZRANGEBYSCORE', A .. ':due', '-inf', string.format('%d', now), 'LIMIT', 0, 1000)
  for _, id in ipairs(due) do
    call('ZREM', A .. ':due', id)
    local job = read_job(id)
    if job then
      local place = job.place
      if job.state == 'delayed' then
        place = place_of(new_id())
        call('HSET', name('job', id), 'place', place)
      elseif job.owner == 'parked' then
        unpark(job.key)
      end
      call('HDEL', name('job', id), 'owner', 'due')
      make_ready(id, place, job.priority)
    end
  end
end

-- What others set aside behind our own keys is ours to take.
local function take_up_lanes()
  local keys = call('SMEMBERS', name('back', owner))
  if #keys == 0 then return end
  call('DEL', name('back', owner))
  for _, key in ipairs(keys) do
    local gate = gate_of(key)
    if gate.owner == owner and gate.parked == 0 and gate.queued == 1 then
      flush_lane(key)
      gate.queued = 0
      touch(key)
    end
  end
end

-- Whether a delivery of the key may go to us now; if so it is in our hands.
local function admit(key)
  if not ordered or not key or key == '' then return true end
  local gate = gate_of(key)
  if gate.parked > 0 or gate.queued == 1 or (gate.count > 0 and gate.owner ~= owner) then return false end
  gate.owner, gate.count = owner, gate.count + 1
  touch(key)
  return true
end

local function queue_up(id, place, key)
  local gate = gate_of(key)
  gate.queued = 1
  touch(key)
  call('HSET', name('job', id), 'state', 'held')
  if call('ZADD', name('lane', key), 0, place .. '|' .. id) == 1 then call('HINCRBY', A .. ':counts', 'held', 1) end
end

local FIELDS = { 'body', 'key', 'tenant', 'kind', 'headers', 'from' }
local function hand_out(id, job, fields)
  local token = call('HINCRBY', name('job', id), 'token', 1)
  call('HSET', name('job', id), 'state', 'leased', 'owner', owner)
  hold_claim(id, owner, job)
  local at = call('HGET', name('job', id), 'at')
  taken[#taken + 1] = { id, fields, token, tonumber(job.attempts or 0), tonumber(job.crashes or 0), tonumber(job.snoozes or 0), tonumber(job.suspects or 0), at or '0' }
end

-- An entry of the pool is ours only if nobody else claimed it since, as a consumer that is none of ours may.
local function claim_entry(id)
  local pending = call('XPENDING', S, G, id, id, 1)
  if #pending == 0 or pending[1][2] ~= POOL then return nil, false end
  local entry = call('XCLAIM', S, G, owner, 0, id)
  if entry[1] and entry[1][2] then return entry[1][2], false end
  return nil, true
end

local function forget(id, is_lost)
  if is_lost then lose(id) else call('DEL', name('job', id), name('job', id) .. ':errors') end
end

local function take_ready(least, most)
  while #taken < room do
    local members = call('ZRANGEBYSCORE', A .. ':ready', least, most, 'LIMIT', 0, math.min(room - #taken, 500))
    if #members == 0 then return end
    call('ZREM', A .. ':ready', unpack(members))
    for i, member in ipairs(members) do
      local id, place = id_of(member), string.match(member, '^[^|]*')
      local job = read_job(id)
      if job and job.state == 'ready' then
        local fields, is_lost
        if admit(job.key) then
          if job.entry == '1' then
            fields, is_lost = claim_entry(id)
          else
            local values = call('HMGET', name('job', id), unpack(FIELDS))
            fields = {}
            for n, field in ipairs(FIELDS) do
              if values[n] then
                fields[#fields + 1] = field
                fields[#fields + 1] = values[n]
              end
            end
          end
          if fields then hand_out(id, job, fields)
          else
            let_go(job.key, owner)
            forget(id, is_lost)
          end
        else
          queue_up(id, place, job.key)
        end
      end
    end
  end
end

local function key_of(fields)
  for i = 1, #fields, 2 do
    if fields[i] == 'key' then return fields[i + 1] end
  end
end

local function take_new()
  for round = 1, 20 do
    if #taken >= room then return end
    local wanted = room - #taken
    local read = call('XREADGROUP', 'GROUP', G, owner, 'COUNT', wanted, 'STREAMS', S, '>')
    if not read then return end
    local entries = read[1][2]
    if not ordered then
      for _, entry in ipairs(entries) do taken[#taken + 1] = entry end
    else
      local keys, key_at = {}, {}
      for i, entry in ipairs(entries) do
        local key = entry[2] and key_of(entry[2])
        if key then
          keys[#keys + 1] = key
          key_at[i] = key
        end
      end
      load_gates(keys)
      local aside = {}
      for i, entry in ipairs(entries) do
        if admit(key_at[i]) then taken[#taken + 1] = entry
        else
          local id = entry[1]
          aside[#aside + 1] = id
          call('HSET', name('job', id), 'token', 0, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', place_of(id), 'key', key_at[i], 'at', string.match(id, '^%d+'), 'entry', 1)
          queue_up(id, place_of(id), key_at[i])
        end
      end
      for from = 1, #aside, 1000 do 
        local part = { unpack(aside, from, math.min(from + 999, #aside)) }
        part[#part + 1] = 'JUSTID'
        call('XCLAIM', S, G, POOL, 0, unpack(part))
      end
    end
    if #entries < wanted then return end
  end
end

local function until_next()
  local next_due = call('ZRANGE', A .. ':due', 0, 0, 'WITHSCORES')[2]
  local soonest = next_due and tonumber(next_due) or math.huge
  for _, member in ipairs(call('ZRANGE', A .. ':owners', 0, 1)) do
    if member ~= owner then soonest = math.min(soonest, tonumber(call('ZSCORE', A .. ':owners', member))) end
  end
  if soonest == math.huge then return -1 end
  return math.max(math.ceil(soonest - now), 0)
end

-- What an owner holds that was not counted at its keys while it was alone.
local function count_in_hand(holder)
  let_all_go(holder)
  local function count(key)
    if not key or key == '' then return end
    local gate = gate_of(key)
    gate.owner, gate.count = holder, gate.count + 1
    touch(key)
  end
  for _, id in ipairs(call('SMEMBERS', name('claims', holder))) do
    local job = read_job(id)
    -- The others are pending.
    if job and job.entry ~= '1' then count(job.key) end
  end
  each_pending(holder, function(id)
    local entry = read_entry(id)
    if entry then count(entry.key) end
  end)
end

-- Whoever is alone may have any delivery, unless its key is parked: nothing is counted. It is when a second owner comes, before that one
-- gets anything.
local alone = false
local function look_for_others()
  local uncounted = call('GET', A .. ':alone')
  if call('ZCARD', A .. ':owners') == 1 then
    if uncounted ~= owner then call('SET', A .. ':alone', owner) end
    ordered = gated
    alone = not gated
  elseif uncounted then
    gated = true
    count_in_hand(uncounted)
    save_gates()
    call('DEL', A .. ':alone')
  end
end

take_back_from_the_dead()
make_due_ready()
save_gates()
gated = call('EXISTS', A .. ':keys') == 1
local function live_on() call('ZADD', A .. ':owners', string.format('%d', now + lease), owner) end
if not is_alive(owner) then
  -- Never a name that was given before, not even when all that is counted here was lost: a source that went on under another's would
  -- take the other's writes for its own.
  owner = base .. ':' .. string.format('%d', real) .. '-' .. call('HINCRBY', A .. ':counts', 'owners', 1)
  live_on()
end
if ordered then look_for_others() end
gated = gated or ordered
take_up_lanes()
woken = false
take_ready('-inf', DEFAULT_PRIORITY)
take_new()
take_ready('(' .. DEFAULT_PRIORITY, '+inf')
save_gates()
-- A fetch that brings something is a sign of life.
if #taken > 0 then live_on() end
-- Our own fetch sees what is ready; others are told when there is more than we took.
woken = call('ZCARD', A .. ':ready') > 0

local delivered, slept = '0-0', '0-0'
if #taken == 0 then
  for _, row in ipairs(call('XINFO', 'GROUPS', S)) do
    local group = to_map(row)
    if group['name'] == G then delivered = group['last-delivered-id'] end
  end
  local newest = call('XREVRANGE', A .. ':wake', '+', '-', 'COUNT', 1)
  if newest[1] then slept = newest[1][1] end
end
local next_due = until_next()
return done({ owner, next_due, delivered, slept, lost, back, crashes, taken, alone and not woken and 1 or 0 })
