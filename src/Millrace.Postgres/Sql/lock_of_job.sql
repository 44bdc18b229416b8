SELECT pg_advisory_xact_lock_shared(millrace.lock_of(queue)) FROM millrace.jobs WHERE id = $1;
