-- Completes new entries of one owner, the common case, and frees them. ARGV from 5: the owner, the number of this call, 1 to make room
-- besides, whether keys are ordered (2: and an earlier call may have done a part of it), then the ids, each followed by its key when
-- they are.
-- Answers 0 when the owner is gone (nothing was written), else 1. A call that comes twice, because its answer was lost, is done once.
local owner, number, ordered, careful = ARGV[5], ARGV[6], ARGV[8] ~= '0', ARGV[8] == '2'
if not is_alive(owner) then return 0 end
if is_settled(owner, number) then return 1 end

local step = ordered and 2 or 1
local ids = {}
for i = 9, #ARGV, step do ids[#ids + 1] = ARGV[i] end
if ordered and gated then
  local keys = {}
  for i = 10, #ARGV, 2 do
    if ARGV[i] ~= '' then keys[#keys + 1] = ARGV[i] end
  end
  if #keys > 0 then load_gates(keys) end
  -- Let go twice, a key would be open with deliveries of it still in hand.
  for i = 9, #ARGV, 2 do
    if not careful or call('XACK', S, G, ARGV[i]) == 1 then let_go(ARGV[i + 1], owner) end
  end
end
for from = 1, #ids, 1000 do
  local last = math.min(from + 999, #ids)
  call('XACK', S, G, unpack(ids, from, last))
  if may_delete() then call('XDEL', S, unpack(ids, from, last)) end
end
if call('EXISTS', A .. ':cancels') == 1 then call('SREM', A .. ':cancels', unpack(ids)) end
call('SET', name('settled', owner), number, 'PX', 600000)
if ARGV[7] == '1' then free() end
return done(1)
