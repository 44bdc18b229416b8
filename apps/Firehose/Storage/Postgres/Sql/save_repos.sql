-- In key order, and only the version that was read: whoever was faster makes this batch start anew.
UPDATE repo_state AS r SET
    rev = n.rev, data = n.data, status = n.status, account_status = n.account_status,
    identity_seq = n.identity_seq, identity_at = n.identity_at, account_seq = n.account_seq, account_at = n.account_at
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    AS n (did, rev, data, status, account_status, identity_seq, identity_at, account_seq, account_at, version)
WHERE r.did = n.did AND r.xmin = n.version
RETURNING r.did
