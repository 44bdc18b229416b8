SELECT millrace.free_held($1, $2);
