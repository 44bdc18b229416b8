SELECT millrace.clock();
