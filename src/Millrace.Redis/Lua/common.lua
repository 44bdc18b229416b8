-- What every verb begins with: names, the clock, and the moves that a job can make. The scripts' keys are made from KEYS[2], which
-- shares its hash slot with the stream, so that a cluster runs each verb on one node.
-- KEYS: the stream, the prefix of our keys. ARGV: the group, milliseconds to add to the server's clock (0 but in tests), how many
-- finished jobs to keep, how finished entries are freed ("delete" or "trim").
local S, A, G = KEYS[1], KEYS[2], ARGV[1]
local call = redis.call
local time = call('TIME')
local real = time[1] * 1000 + math.floor(time[2] / 1000)
local now = real + tonumber(ARGV[2])
local retained = tonumber(ARGV[3])

-- The consumer in whose name entries wait that nobody has in hand: released, taken back from the dead, or behind their key.
local POOL = 'millrace-pool'
local DEFAULT_PRIORITY = 100

-- Others share the group in their own way.
local function is_foreign(consumer) return consumer ~= POOL and not call('ZSCORE', A .. ':owners', consumer) end
local woken = false

-- Whether finished entries are deleted one by one. Never while another group may still have to read them.
local deletes = ARGV[4] == 'delete'
local function may_delete()
  if deletes then
    local groups = redis.pcall('XINFO', 'GROUPS', S)
    if groups.err or #groups > 1 then deletes = false end
  end
  return deletes
end

local function name(kind, id) return A .. ':' .. kind .. ':' .. id end

-- Ids as text that sorts: ready jobs and lanes are sorted sets of "place|id".
local function place_of(id)
  local ms, n = string.match(id, '^(%d+)%-(%d+)$')
  return string.rep('0', 15 - #ms) .. ms .. '-' .. string.rep('0', 20 - #n) .. n
end
local function id_of(member) return string.match(member, '|(.*)$') end

-- An id of our own, for a job that is not in the stream; no entry of the same millisecond gets so high a number.
local function new_id() return string.format('%d-%d', real, 1000000000 + call('HINCRBY', A .. ':counts', 'ids', 1)) end

local function wake() woken = true end

local function to_map(list)
  local map = {}
  for i = 1, #list, 2 do map[list[i]] = list[i + 1] end
  return map
end

local function read_entry(id)
  local found = call('XRANGE', S, id, id)
  if found[1] then return to_map(found[1][2]) end
end

-- Which run of the server this is, by which we know that it was restarted or failed over; nil where we may not ask.
local function run_of_server()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or nil
end

-- How many entries of the stream the group has not read, counted: the unread ones, or those that are read and still here, whichever are
-- few; nil when both are many. The server's own figure (lag) is missing or wrong after a restart and where entries ahead were deleted.
local MOST_COUNTED = 1000
local function count_unread(last_delivered, length, pending)
  if length - pending <= MOST_COUNTED then return #call('XRANGE', S, '(' .. last_delivered, '+') end
  if pending > MOST_COUNTED then return nil end
  local read = #call('XRANGE', S, '-', last_delivered, 'COUNT', 2 * MOST_COUNTED + 1)
  return read <= 2 * MOST_COUNTED and length - read or nil
end

-- Small fields only: bodies are read where they are handed out.
local JOB = { 'state', 'owner', 'token', 'attempts', 'crashes', 'snoozes', 'suspects', 'key', 'place', 'priority', 'cancel', 'entry', 'holds' }
local function read_job(id)
  local values = call('HMGET', name('job', id), unpack(JOB))
  if not values[1] then return nil end
  local job = {}
  for i, field in ipairs(JOB) do job[field] = values[i] or nil end
  return job
end

---- Keys in order: who has deliveries of a key in hand, how many, how many wait for a retry, and whether others queue up behind it.
local gates, touched = {}, {}
local function parse_gate(text)
  if not text then return { owner = '-', count = 0, parked = 0, queued = 0 } end
  -- One in hand and nothing else, the common case, is written as the owner alone.
  if not string.find(text, ' ', 1, true) then return { owner = text, count = 1, parked = 0, queued = 0 } end
  local owner, count, parked, queued = string.match(text, '^(%S+) (%d+) (%d+) (%d)$')
  return { owner = owner, count = tonumber(count), parked = tonumber(parked), queued = tonumber(queued) }
end
local function gate_of(key)
  local gate = gates[key]
  if not gate then
    gate = parse_gate(call('HGET', A .. ':keys', key))
    gates[key] = gate
  end
  return gate
end
-- One round for many keys.
local function load_gates(keys)
  for from = 1, #keys, 1000 do
    local part = { unpack(keys, from, math.min(from + 999, #keys)) }
    local values = call('HMGET', A .. ':keys', unpack(part))
    for i, key in ipairs(part) do
      if not gates[key] then gates[key] = parse_gate(values[i]) end
    end
  end
end
local function touch(key) touched[key] = true end

local function make_ready(id, place, priority)
  call('HSET', name('job', id), 'state', 'ready')
  call('ZADD', A .. ':ready', priority or DEFAULT_PRIORITY, place .. '|' .. id)
  wake()
end

local function flush_lane(key)
  local members = call('ZRANGE', name('lane', key), 0, -1)
  for _, member in ipairs(members) do
    local id = id_of(member)
    make_ready(id, string.match(member, '^[^|]*'))
  end
  if #members > 0 then call('HINCRBY', A .. ':counts', 'held', -#members) end
  call('DEL', name('lane', key))
end

-- A key with nothing in hand and nothing parked is open: what queued up behind it is ready, and nothing remembers the key.
local function save_gates()
  local set, gone = {}, {}
  for key in pairs(touched) do
    local gate = gates[key]
    if gate.count <= 0 then gate.count, gate.owner = 0, '-' end
    if gate.count == 0 and gate.parked <= 0 then
      if gate.queued == 1 then flush_lane(key) end
      gone[#gone + 1] = key
    else
      -- The owner takes up what queued up behind its own deliveries.
      if gate.count > 0 and gate.parked == 0 and gate.queued == 1 then call('SADD', name('back', gate.owner), key) end
      set[#set + 1] = key
      if gate.count == 1 and gate.parked == 0 and gate.queued == 0 then set[#set + 1] = gate.owner
      else set[#set + 1] = string.format('%s %d %d %d', gate.owner, gate.count, gate.parked, gate.queued) end
    end
  end
  for from = 1, #set, 1000 do call('HSET', A .. ':keys', unpack(set, from, math.min(from + 999, #set))) end
  for from = 1, #gone, 1000 do call('HDEL', A .. ':keys', unpack(gone, from, math.min(from + 999, #gone))) end
  gates, touched = {}, {}
end

local gated = call('EXISTS', A .. ':keys') == 1
local function let_go(key, owner)
  if not key or key == '' or not gated then return end
  local gate = gate_of(key)
  if gate.owner ~= owner then return end
  gate.count = gate.count - 1
  touch(key)
end
local function unpark(key)
  if not key or key == '' then return end
  local gate = gate_of(key)
  gate.parked = math.max(gate.parked - 1, 0)
  touch(key)
end

---- Leaving: out of the stream, into the finished ones.
local function leave_stream(id)
  call('XACK', S, G, id)
  if may_delete() then call('XDEL', S, id) end
end

-- The job keeps its own copy of the message, so that the stream can be freed while it waits.
local function detach(id, job)
  if job.entry ~= '1' then return end
  local entry = read_entry(id)
  if entry then
    local copy = {}
    for _, field in ipairs({ 'body', 'key', 'tenant', 'kind', 'headers', 'from' }) do
      if entry[field] then
        copy[#copy + 1] = field
        copy[#copy + 1] = entry[field]
      end
    end
    -- An entry that is none of ours is kept as it is.
    if not entry.body then
      copy[#copy + 1] = 'body'
      copy[#copy + 1] = cjson.encode(entry)
    end
    call('HSET', name('job', id), unpack(copy))
  end
  leave_stream(id)
  call('HDEL', name('job', id), 'entry')
  job.entry = nil
end

-- The claim that a job outside the stream is under, as a member of its owner's set.
local function hold_claim(id, owner, job)
  call('SADD', name('claims', owner), id)
  if job.entry ~= '1' then call('HINCRBY', A .. ':counts', 'leased', 1) end
end
local function drop_claim(id, owner, job)
  if job.fresh then return end
  if call('SREM', name('claims', owner), id) == 1 and job.entry ~= '1' then call('HINCRBY', A .. ':counts', 'leased', -1) end
end

local function audit(actor, action, target, detail)
  call('XADD', A .. ':audit', 'MAXLEN', '~', 10000, '*', 'at', string.format('%d%03d', math.floor(now), math.floor(time[2] % 1000)), 'actor', actor, 'action', action, 'target', target, 'detail', detail)
end

-- Somebody else removed an entry that is not finished. Whatever verb finds it tells it in its answer, and the audit trail keeps it.
local lost = {}
local function lose(id)
  lost[#lost + 1] = id
  call('XACK', S, G, id)
  call('SREM', A .. ':cancels', id)
  call('DEL', name('job', id), name('job', id) .. ':errors')
  audit('millrace', 'lost', S .. ' ' .. id, 'not finished and no longer in the stream: somebody else trimmed or deleted it')
end

local function is_cancelled(id, job) return job.cancel == '1' or call('SISMEMBER', A .. ':cancels', id) == 1 end

-- final: 3 succeeded, 4 dead, 5 cancelled, as JobState counts.
local function finish(id, job, final)
  call('SREM', A .. ':cancels', id)
  local hash = name('job', id)
  if retained > 0 then
    if job.fresh then
      local entry = read_entry(id) or {}
      call('HSET', hash, 'token', job.token, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'at', string.match(id, '^%d+'), 'key', entry.key or '', 'tenant', entry.tenant or '', 'kind', entry.kind or '', 'from', entry.from or '')
    elseif job.entry == '1' then
      detach(id, job)
    end
    call('HSET', hash, 'state', 'done', 'final', final, 'finished', string.format('%d', now))
    call('HDEL', hash, 'body', 'headers', 'owner', 'entry')
    call('ZADD', A .. ':finished', call('HINCRBY', A .. ':counts', 'finished', 1), id)
  else
    call('DEL', hash, hash .. ':errors')
  end
  if job.fresh or job.entry == '1' then leave_stream(id) end
end

---- Owners: a source that holds claims is one, alive until somebody finds its lease over. One whose claims are being taken back, a part at
---- a time, has no time left and cannot be revived.
local function is_alive(owner)
  local ends = owner ~= '' and call('ZSCORE', A .. ':owners', owner)
  return ends and tonumber(ends) > 0
end

-- Whether a numbered write ("writer.number") was carried out. A writer's numbers grow, so one that comes late, from a connection given up,
-- is an old one. And what it answered, if that is known.
local function is_settled(owner, number)
  local writer, last, answer = string.match(call('GET', name('settled', owner)) or '', '^(%w+)%.(%d+);?(.*)$')
  local by, this = string.match(number, '^(%w+)%.(%d+)$')
  if writer ~= by or tonumber(last) < tonumber(this) then return false end
  return true, last == this and answer or ''
end

---- Making room: nothing is removed that a group has not read and acknowledged.
-- Whole nodes of the stream only, when it must be cheap; a node holds a hundred entries or so.
local function free(exactly)
  if redis.call('EXISTS', S) == 0 then return end
  local least
  for _, row in ipairs(call('XINFO', 'GROUPS', S)) do
    local group = to_map(row)
    local low = place_of(group['last-delivered-id']) .. '+'
    if group['pending'] > 0 then low = place_of(call('XPENDING', S, group['name'])[2]) end
    if not least or low < least then least = low end
  end
  if not least then return end
  local after = string.sub(least, -1) == '+'
  local ms, n = string.match(least, '^0*(%d+)%-0*(%d+)')
  if after then n = string.format('%.0f', tonumber(n) + 1) end
  call('XTRIM', S, 'MINID', exactly and '=' or '~', ms .. '-' .. n)
end

-- Last of all: gates that changed, and whoever sleeps over the queue.
local function done(answer)
  save_gates()
  if woken then call('XADD', A .. ':wake', 'MAXLEN', 1, '*', 'w', 1) end
  return answer
end
