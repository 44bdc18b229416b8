-- Wakes whoever sleeps over the queue.
wake()
return done(1)
