-- Which of the claims are theirs no more, and which were cancelled: their number in the list and whether it is the latter.
SELECT i.n, j.id IS NOT NULL
FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS i (id, token, n)
LEFT JOIN millrace.jobs j ON j.id = i.id AND j.token = i.token AND j.state = 1
WHERE j.id IS NULL OR j.cancel
ORDER BY i.n;
