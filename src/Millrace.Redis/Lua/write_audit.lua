-- An entry for an action that changes nothing else. ARGV from 5: who, what, on what, more.
audit(ARGV[5], ARGV[6], ARGV[7], ARGV[8])
return 1
