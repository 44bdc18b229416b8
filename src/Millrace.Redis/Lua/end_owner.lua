-- Ends an owner in good order: what it holds goes back to its place and nothing is counted. ARGV from 5: the owner.
-- Answers whether that was all (else call again), and the ids that are lost.
local _, _, all = end_owner(ARGV[5], false)
return done({ all and 1 or 0, lost })
