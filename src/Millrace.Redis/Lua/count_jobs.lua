-- How many jobs are in which state: waiting, delayed, leased, dead, ms of the oldest waiting one (or false).
local group
if call('EXISTS', S) == 1 then
  for _, row in ipairs(call('XINFO', 'GROUPS', S)) do
    local one = to_map(row)
    if one['name'] == G then group = one end
  end
end
local length = call('XLEN', S)
local unread, pending, pooled, oldest = length, 0, 0, nil
if group then
  pending = group['pending']
  local after = '(' .. group['last-delivered-id']
  unread = count_unread(group['last-delivered-id'], length, pending) or math.min(group['lag'] or length, length - pending)
  if pending > 0 then
    for _, row in ipairs(call('XPENDING', S, G)[4] or {}) do
      if row[1] == POOL then pooled = tonumber(row[2]) end
    end
  end
  local first = call('XRANGE', S, after, '+', 'COUNT', 1)
  if first[1] then oldest = tonumber(string.match(first[1][1], '^%d+')) end
end
local ready = call('ZRANGE', A .. ':ready', 0, 0)
if ready[1] then
  local at = tonumber(call('HGET', name('job', id_of(ready[1])), 'at') or '')
  if at and (not oldest or at < oldest) then oldest = at end
end
local counts = call('HMGET', A .. ':counts', 'held', 'leased')
return {
  unread + call('ZCARD', A .. ':ready') + tonumber(counts[1] or 0), call('ZCARD', A .. ':due'),
  pending - pooled + tonumber(counts[2] or 0), call('ZCARD', A .. ':dead'), oldest and string.format('%d', oldest) or false,
}
