-- Whether somebody trimmed what the group had not read: more is unread than there is, beside what we deleted unread ourselves. One script,
-- for the figures must be of one moment. Answers {how many are unread, how many are there}, or false.
-- The server's figure is no good where entries are deleted one by one and it was restarted in between; then a lost claim still tells.
local groups = redis.pcall('XINFO', 'GROUPS', S)
if groups.err or deletes then return false end
for _, row in ipairs(groups) do
  local group = to_map(row)
  local there = call('XLEN', S)
  local holes = tonumber(call('HGET', A .. ':counts', 'holes') or 0)
  if group['name'] == G and group['lag'] and group['lag'] > there + holes then return { group['lag'], there } end
end
return false
