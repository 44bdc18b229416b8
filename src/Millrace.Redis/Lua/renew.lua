-- Keeps an owner alive. ARGV from 5: the owner, its lease in ms, 1 to make room besides. Answers the ids whose cancelling was asked for,
-- or false when the owner is gone.
-- Without memory left the first write must be one that Redis allows, so that the ones behind it are allowed too.
call('DEL', A .. ':none')
if not is_alive(ARGV[5]) then return false end
call('ZADD', A .. ':owners', string.format('%d', now + tonumber(ARGV[6])), ARGV[5])
if ARGV[7] == '1' then free() end
return call('SMEMBERS', A .. ':cancels')
