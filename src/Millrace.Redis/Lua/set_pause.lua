-- Pauses a worker, or resumes it when there is no text. ARGV from 5: the worker, the pause as text or '', who, why.
if ARGV[6] == '' then call('HDEL', A .. ':pauses', ARGV[5]) else call('HSET', A .. ':pauses', ARGV[5], ARGV[6]) end
audit(ARGV[7], ARGV[6] == '' and 'resume' or 'pause', ARGV[5], ARGV[8])
return 1
