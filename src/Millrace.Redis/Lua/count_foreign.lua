-- How many entries consumers of the group have in hand that are none of ours.
local count = 0
for _, row in ipairs(call('XPENDING', S, G)[4] or {}) do
  if row[1] ~= POOL and not call('ZSCORE', A .. ':owners', row[1]) then count = count + tonumber(row[2]) end
end
return count
