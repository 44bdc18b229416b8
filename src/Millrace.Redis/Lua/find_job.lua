-- A job as somebody who looks sees it. ARGV from 5: its id. Answers {fields of its record, its errors}, or false.
local id = ARGV[5]
local hash = name('job', id)
local record = call('HGETALL', hash)
if #record > 0 then
  local map = to_map(record)
  if map.entry == '1' then
    local entry = read_entry(id) or {}
    for _, field in ipairs({ 'tenant', 'kind', 'from' }) do
      if entry[field] then
        record[#record + 1] = field
        record[#record + 1] = entry[field]
      end
    end
  end
  if map.state ~= 'done' and call('SISMEMBER', A .. ':cancels', id) == 1 then
    record[#record + 1] = 'cancel'
    record[#record + 1] = '1'
  end
  return { record, call('LRANGE', hash .. ':errors', 0, -1) }
end
local entry = read_entry(id)
if not entry then return false end
local state
if #call('XPENDING', S, G, id, id, 1) > 0 then
  state = 'leased'
else
  for _, row in ipairs(call('XINFO', 'GROUPS', S)) do
    local group = to_map(row)
    if group['name'] == G and place_of(id) > place_of(group['last-delivered-id']) then state = 'ready' end
  end
end
-- Read, acknowledged and not freed yet: it is over.
if not state then return false end
local found = { 'state', state, 'token', state == 'leased' and 1 or 0, 'at', string.match(id, '^%d+') }
for _, field in ipairs({ 'key', 'tenant', 'kind', 'from' }) do
  if entry[field] then
    found[#found + 1] = field
    found[#found + 1] = entry[field]
  end
end
return { found, {} }
