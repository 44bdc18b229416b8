-- Whether somebody trimmed what the group had not read: more is unread than there is, beside what we deleted unread ourselves. One script,
-- for the figures must be of one moment. Answers {how many are unread, how many are there}, or false.
-- The server's figure is no good where entries are deleted one by one and it was restarted in between; then a lost claim still tells.
local groups = redis.pcall('XINFO', 'GROUPS', S)
if groups.err or deletes then return false end

-- A server loads from its log where a group stands, and of how many entries lie before that only what was known when the log was last
-- rewritten. Set right, it counts on from there; what somebody trimmed while it was away is not found.
local function set_right(group, there)
  local unread = count_unread(group['last-delivered-id'], there, group['pending'])
  if not unread then return end
  local added = to_map(call('XINFO', 'STREAM', S))['entries-added']
  call('XGROUP', 'SETID', S, G, group['last-delivered-id'], 'ENTRIESREAD', string.format('%.0f', added - unread))
  call('HSET', A .. ':counts', 'run', run_of_server() or '')
end

for _, row in ipairs(groups) do
  local group = to_map(row)
  if group['name'] == G then
    local there = call('XLEN', S)
    if call('HGET', A .. ':counts', 'run') ~= (run_of_server() or '') then
      set_right(group, there)
      return false
    end
    local holes = tonumber(call('HGET', A .. ':counts', 'holes') or 0)
    if group['lag'] and group['lag'] > there + holes then return { group['lag'], there } end
  end
end
return false
