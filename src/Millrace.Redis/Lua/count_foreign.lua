-- How many entries consumers of the group have in hand that are none of ours. What was taken over from one counts a while longer: whoever
-- asks has read something before it came back.
local count = call('EXISTS', A .. ':rescued')
for _, row in ipairs(call('XPENDING', S, G)[4] or {}) do
  if is_foreign(row[1]) then count = count + tonumber(row[2]) end
end
return count
