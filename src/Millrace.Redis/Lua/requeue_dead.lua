-- Makes a new job of each dead letter that is still one, and leaves one audit entry. ARGV from 5: who, on what, then the ids.
-- Answers {old id, new id} each.
local made = {}
for i = 7, #ARGV do
  local id = ARGV[i]
  local hash = name('job', id)
  if call('ZREM', A .. ':dead', id) == 1 then
    local record = to_map(call('HGETALL', hash))
    local fields = { 'from', id }
    for _, field in ipairs({ 'body', 'key', 'tenant', 'kind', 'headers' }) do
      if record[field] and (field == 'body' or record[field] ~= '') then
        fields[#fields + 1] = field
        fields[#fields + 1] = record[field]
      end
    end
    local priority = tonumber(record.priority or DEFAULT_PRIORITY)
    local heir
    if record.holds == '1' or priority ~= DEFAULT_PRIORITY then
      -- A held head takes up its old place, before all that queued up behind it.
      heir = new_id()
      local place = record.holds == '1' and record.place or place_of(heir)
      call('HSET', name('job', heir), 'token', 0, 'attempts', 0, 'crashes', 0, 'snoozes', 0, 'place', place, 'priority', priority, 'at', string.format('%d', now))
      call('HSET', name('job', heir), unpack(fields))
      make_ready(heir, place, priority)
    else
      heir = call('XADD', S, '*', unpack(fields))
    end
    if record.holds == '1' then unpark(record.key) end
    if retained > 0 then
      call('HSET', hash, 'state', 'done', 'final', 4, 'finished', string.format('%d', now), 'holds', 0)
      call('HDEL', hash, 'body', 'headers')
      call('ZADD', A .. ':finished', call('HINCRBY', A .. ':counts', 'finished', 1), id)
    else
      call('DEL', hash, hash .. ':errors')
    end
    made[#made + 1] = { id, heir }
  end
end
if #made > 0 then audit(ARGV[5], 'requeue', ARGV[6], #made .. ' requeued') end
return done(made)
