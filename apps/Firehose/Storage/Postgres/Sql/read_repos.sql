-- xmin tells one version of a row from the next.
SELECT xmin, did, rev, data, status = 'desynchronized', account_status, identity_seq, identity_at, account_seq, account_at
FROM repo_state
WHERE did = ANY ($1)
