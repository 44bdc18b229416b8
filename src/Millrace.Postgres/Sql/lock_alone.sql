SELECT pg_advisory_xact_lock(millrace.lock_of($1));
