-- Needs all that a write needs and leaves nothing behind.
SELECT nextval('millrace.numbers');
