DELETE FROM millrace_outbox WHERE id <= $last;
