-- Cancels a job: at once where nobody has it in hand, else by a mark that its owner finds when it renews or settles. ARGV from 5: its id,
-- who, the id as others know it. Answers the state found, or false.
local id, actor, known_as = ARGV[5], ARGV[6], ARGV[7]
local job = read_job(id)

local function asked()
  call('SADD', A .. ':cancels', id)
  audit(actor, 'cancel', known_as, '')
end

if not job then
  local entry = read_entry(id)
  if not entry then return false end
  local pending = call('XPENDING', S, G, id, id, 1)
  if #pending > 0 then
    asked()
    return 'leased'
  end
  for _, row in ipairs(call('XINFO', 'GROUPS', S)) do
    local group = to_map(row)
    if group['name'] == G and place_of(id) <= place_of(group['last-delivered-id']) then return false end
  end
  finish(id, { fresh = true, entry = '1', token = '0' }, 5)
  call('XDEL', S, id)
  -- For whoever looks whether somebody else did: the group's lag goes on counting it, on some servers for good.
  call('HINCRBY', A .. ':counts', 'holes', 1)
  audit(actor, 'cancel', known_as, '')
  return done('ready')
end

if job.state == 'done' then return call('HGET', name('job', id), 'final') end
if job.state == 'dead' then return 'dead' end
if job.state == 'leased' then
  call('HSET', name('job', id), 'cancel', 1)
  asked()
  return 'leased'
end
if job.state == 'ready' then call('ZREM', A .. ':ready', job.place .. '|' .. id) end
if job.state == 'held' and call('ZREM', name('lane', job.key), job.place .. '|' .. id) == 1 then call('HINCRBY', A .. ':counts', 'held', -1) end
if job.state == 'delayed' or job.state == 'parked' then
  call('ZREM', A .. ':due', id)
  if job.owner == 'parked' then unpark(job.key) end
end
finish(id, job, 5)
audit(actor, 'cancel', known_as, '')
wake()
return done(job.state)
