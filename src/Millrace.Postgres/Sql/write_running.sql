UPDATE millrace.owners SET running = $2 WHERE id = $1;
