-- Which of our deliveries come behind an entry of their key that a consumer of the group has in hand that is none of ours. ARGV from 5: id and
-- key of each. Answers their places, from 1; of all of them where there is too much to look through.
local MOST_PENDING = 1000
local all, last = {}, '0-0'
for i = 5, #ARGV, 2 do
  all[#all + 1] = (i - 3) / 2
  if place_of(ARGV[i]) > place_of(last) then last = ARGV[i] end
end

-- What was taken over from one is on its way to us, or in our own hands behind what we read before it came back.
local rescued = call('EXISTS', A .. ':rescued') == 1
local first, left = {}, MOST_PENDING
for _, row in ipairs(call('XPENDING', S, G)[4] or {}) do
  if rescued or is_foreign(row[1]) then
    local pending = call('XPENDING', S, G, '-', '(' .. last, left + 1, row[1])
    left = left - #pending
    if left < 0 then return all end
    for _, held in ipairs(pending) do
      local place = place_of(held[1])
      local key = (read_entry(held[1]) or {}).key
      if key and (not first[key] or place < first[key]) then first[key] = place end
    end
  end
end

local behind = {}
for i = 5, #ARGV, 2 do
  local ahead = first[ARGV[i + 1]]
  if ahead and ahead < place_of(ARGV[i]) then behind[#behind + 1] = (i - 3) / 2 end
end
return behind
