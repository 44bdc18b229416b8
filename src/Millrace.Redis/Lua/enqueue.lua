-- Stores messages as one unit. ARGV from 5: the most entries the stream may hold (0: any number), how many messages, for how many there
-- must be room because more calls follow (else 0), then for each message the number of fields and the fields; or, with more to say, 0, due
-- (ms since 1970, "+ms" from now, or ''), priority, deduplication id with its tenant ('' for none), its window in ms, the number of fields
-- and the fields. Answers an id each, with "=" before it when the message was there already; false when there is no room.
local most, messages = tonumber(ARGV[5]), tonumber(ARGV[6])
local needed = math.max(messages, tonumber(ARGV[7]))

local function backlog()
  local held = call('XLEN', S)
  if held + needed <= most then return held end
  free(true)
  held = call('XLEN', S)
  for _, row in ipairs(call('XINFO', 'GROUPS', S)) do
    local group = to_map(row)
    -- What is finished and cannot be freed yet, for an older entry is still in hand, is no backlog.
    if group['name'] == G and group['lag'] then held = math.min(held, group['lag'] + group['pending']) end
  end
  return held
end
if most > 0 and (needed > most or (call('EXISTS', S) == 1 and backlog() + needed > most)) then return false end

local at = 8
local function next_argument()
  at = at + 1
  return ARGV[at - 1]
end

local function store(due, priority, fields)
  local keyed = false
  for i = 1, #fields, 2 do keyed = keyed or fields[i] == 'key' end
  -- Keyed messages keep to the order of the stream.
  if keyed then priority = DEFAULT_PRIORITY end
  if not due and priority == DEFAULT_PRIORITY then return call('XADD', S, '*', unpack(fields)) end
  local id = new_id()
  local hash, place = name('job', id), place_of(id)
  call('HSET', hash, 'token', 0, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', place, 'priority', priority, 'at', string.format('%d', now))
  call('HSET', hash, unpack(fields))
  if due then
    call('HSET', hash, 'state', 'delayed', 'due', string.format('%d', due))
    call('ZADD', A .. ':due', string.format('%d', due), id)
    wake()
  else
    make_ready(id, place, priority)
  end
  return id
end

local ids = {}
local function store_with_care()
  local due, priority, known_as, window = next_argument(), tonumber(next_argument()), next_argument(), tonumber(next_argument())
  local count = tonumber(next_argument())
  local fields = { unpack(ARGV, at, at + count - 1) }
  at = at + count
  if string.sub(due, 1, 1) == '+' then due = now + tonumber(due) else due = tonumber(due) end
  if due and due <= now then due = nil end
  if known_as == '' then return store(due, priority, fields) end
  local earlier, over = string.match(call('GET', name('known', known_as)) or '', '^(%S+) (%d+)$')
  if earlier and now < tonumber(over) then return '=' .. earlier end
  local id = store(due, priority, fields)
  call('SET', name('known', known_as), id .. ' ' .. string.format('%d', now + window), 'PX', string.format('%d', window))
  return id
end

for n = 1, messages do
  local plain = tonumber(next_argument())
  if plain == 0 then
    ids[n] = store_with_care()
  else
    ids[n] = call('XADD', S, '*', unpack(ARGV, at, at + plain - 1))
    at = at + plain
  end
end
return done(ids)
