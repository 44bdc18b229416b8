-- Removes dead letters; keys that they held go on. One audit entry. ARGV from 5: who, on what, then the ids. Answers how many.
local count = 0
for i = 7, #ARGV do
  local id = ARGV[i]
  if call('ZREM', A .. ':dead', id) == 1 then
    local job = read_job(id)
    if job.holds == '1' then
      unpark(job.key)
      wake()
    end
    finish(id, job, 4)
    count = count + 1
  end
end
if count > 0 then audit(ARGV[5], 'discard', ARGV[6], count .. ' discarded') end
return done(count)
