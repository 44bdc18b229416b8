-- Writes a batch of outcomes. ARGV from 5: whether a retry parks its key, whether a dead head holds it, the number of this call, then
-- 8 for each settlement: id, owner, token, key, outcome (completed, cancelled, dead, retry, snoozed), delay ms, reason and detail as
-- JSON text, reason as text. Answers the places (from 1) of those that were refused because the claim is another's or gone, and the ids
-- that are lost.
local ordered, holds, number = ARGV[5] == '1', ARGV[6] == '1', ARGV[7]
local refused = {}
-- Says NOGROUP before anything is written.
call('XPENDING', S, G)

local settled, places = is_settled(ARGV[9], number)
if settled then
  for place in string.gmatch(places, '%d+') do refused[#refused + 1] = tonumber(place) end
  return { refused, lost }
end

local function find_claim(id, owner, token, key)
  local job = read_job(id)
  if job then
    if job.state == 'leased' and job.owner == owner and job.token == token then return job end
    return nil
  end
  local pending = call('XPENDING', S, G, id, id, 1)
  if token ~= '1' or #pending == 0 or pending[1][2] ~= owner then return nil end
  return { fresh = true, entry = '1', token = '1', attempts = '0', crashes = '0', snoozes = '0', suspects = '0', key = key, place = place_of(id) }
end

-- From here on the job has a record of its own.
local function record(id, job)
  if job.fresh then
    call('HSET', name('job', id), 'token', 1, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', job.place, 'key', job.key or '', 'at', string.match(id, '^%d+'), 'entry', 1)
    job.fresh = nil
  end
  call('HDEL', name('job', id), 'owner')
  call('HSET', name('job', id), 'suspects', 0)
end

local function add_error(id, attempt, text)
  call('RPUSH', name('job', id) .. ':errors', '[' .. string.format('%d', now) .. ',' .. attempt .. ',' .. text .. ']')
  call('LTRIM', name('job', id) .. ':errors', -20, -1)
end

-- A short snooze is no failure: its entry stays in the stream, in the pool, where a consumer that is none of ours can still claim it.
local LONGEST_STAY = 60000

local function park(id, job, delay, stays)
  if stays and delay <= LONGEST_STAY and job.entry == '1' then call('XCLAIM', S, G, POOL, 0, id, 'JUSTID') else detach(id, job) end
  call('HSET', name('job', id), 'state', 'parked', 'due', string.format('%d', now + delay))
  call('ZADD', A .. ':due', string.format('%d', now + delay), id)
  if ordered and job.key and job.key ~= '' then
    local gate = gate_of(job.key)
    gate.parked = gate.parked + 1
    touch(job.key)
    call('HSET', name('job', id), 'owner', 'parked')
  end
  wake()
end

local function bury(id, job, reason)
  detach(id, job)
  local held = holds and ordered and job.key and job.key ~= ''
  call('HSET', name('job', id), 'state', 'dead', 'reason', reason, 'died', string.format('%d', now), 'holds', held and 1 or 0)
  call('ZADD', A .. ':dead', call('HINCRBY', A .. ':counts', 'deaths', 1), id)
  if held then
    local gate = gate_of(job.key)
    gate.parked = gate.parked + 1
    touch(job.key)
  end
end

local function write(id, job, outcome, delay, errors, reason)
  if outcome == 'completed' then return finish(id, job, 3) end
  if outcome == 'cancelled' then return finish(id, job, 5) end
  if outcome ~= 'dead' and is_cancelled(id, job) then return finish(id, job, 5) end
  -- Not finished, and nothing is there to be kept for later.
  if job.entry == '1' and not read_entry(id) then return lose(id) end
  record(id, job)
  if outcome == 'dead' or outcome == 'retry' then
    local attempt = call('HINCRBY', name('job', id), 'attempts', 1)
    add_error(id, attempt, errors)
  end
  if outcome == 'dead' then
    call('SREM', A .. ':cancels', id)
    return bury(id, job, reason)
  end
  if outcome == 'snoozed' and delay > 0 then call('HINCRBY', name('job', id), 'snoozes', 1) end
  if delay > 0 then return park(id, job, delay, outcome == 'snoozed') end
  if job.entry == '1' then call('XCLAIM', S, G, POOL, 0, id, 'JUSTID') end
  make_ready(id, job.place, job.priority)
end

gated = gated or ordered
for i = 8, #ARGV, 8 do
  local id, owner, token, key = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local job = find_claim(id, owner, token, key)
  if job then
    drop_claim(id, owner, job)
    write(id, job, ARGV[i + 4], tonumber(ARGV[i + 5]), ARGV[i + 6], ARGV[i + 7])
    let_go(job.key, owner)
  else
    refused[#refused + 1] = (i - 8) / 8 + 1
  end
end
call('SET', name('settled', ARGV[9]), number .. ';' .. table.concat(refused, ','), 'PX', 600000)
return done({ refused, lost })
