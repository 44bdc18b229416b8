SELECT 1 FROM millrace_inbox WHERE worker = $1 AND queue = $2 AND delivery = $3;
