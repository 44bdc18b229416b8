DELETE FROM millrace.pauses WHERE worker = $1;
