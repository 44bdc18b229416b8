"""One event in one transaction of three to five single-row statements, as such consumers are usually written.

Counters follow from rows really inserted or deleted; what costs a plain consumer more statements is left out: tombstones, chains of
revisions, promotion of duplicates, the purge of deleted accounts, totals.
"""
from datetime import datetime, timezone

import records

SUBJECTS = {"likes": "subject_uri", "reposts": "subject_uri", "follows": "subject_did"}


async def apply(connection, frame):
    async with connection.transaction():
        await WRITERS.get(frame.kind, _nothing)(connection, frame)


async def _nothing(_, __):
    pass


async def _commit(db, frame):
    at = records.parse_time(frame.time) or datetime.now(timezone.utc)
    await db.execute(
        "INSERT INTO repo_state AS r (did, rev, data, status, account_status, identity_seq, account_seq) VALUES ($1, $2, $3, 'synchronized', 'active', 0, 0)"
        " ON CONFLICT (did) DO UPDATE SET rev = excluded.rev, data = excluded.data WHERE r.rev IS NULL OR r.rev < excluded.rev",
        frame.did, frame.rev, frame.data)
    for op in frame.ops:
        table = records.TABLES.get(op.collection)
        if table is None:
            continue
        uri = f"at://{frame.did}/{op.collection}/{op.key}"
        if op.action != "create":
            await _remove(db, frame, table, uri)
        if op.action != "delete":
            try:
                columns = records.read(op)
            except records.Unfit:
                continue   # counted nowhere: a plain consumer logs it
            await _insert(db, frame, table, uri, op.cid, columns, at)


async def _insert(db, frame, table, uri, cid, columns, at):
    did = frame.did
    if table == "profiles":
        await db.execute(
            "INSERT INTO users (did, display_name, description, avatar, banner, pinned_post, profile_cid, profile_rev, status, indexed_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9) ON CONFLICT (did) DO UPDATE SET display_name = $2, description = $3, avatar = $4,"
            " banner = $5, pinned_post = $6, profile_cid = $7, profile_rev = $8, indexed_at = $9", did, *columns.values(), cid, frame.rev, at)
        return
    row = {"uri": uri, "cid": cid, "author" if table == "posts" else "actor": did, **columns, "rev": frame.rev}
    if table in ("posts", "reposts"):
        row["indexed_at"] = at
    names, places = list(row), [f"${place}" for place in range(1, len(row) + 1)]
    counts = ""
    if table in SUBJECTS:
        subject = SUBJECTS[table]
        names.append("counted")
        places.append(f"NOT EXISTS (SELECT FROM {table} WHERE {subject} = {places[names.index(subject)]} AND actor = $3)")
        counts = ", counted"
    found = await db.fetchrow(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(places)}) ON CONFLICT (uri) DO NOTHING RETURNING uri{counts}", *row.values())
    if found is None or counts and not found["counted"]:
        return
    if table == "posts":
        await db.execute(
            "INSERT INTO feed_items (uri, type, post_uri, originator, sort_at) VALUES ($1, $2, $1, $3, $4) ON CONFLICT (uri) DO NOTHING",
            uri, "reply" if row["reply_parent"] else "post", did, min(row["created_at"] or at, at))
    elif table == "reposts":
        await db.execute(
            "INSERT INTO feed_items (uri, type, post_uri, originator, sort_at) SELECT $1, 'repost', uri, $3, $4 FROM posts WHERE uri = $2 ON CONFLICT (uri) DO NOTHING",
            uri, row["subject_uri"], did, min(row["created_at"] or at, at))
    await _count(db, table, did, row, 1)


async def _remove(db, frame, table, uri):
    if table == "profiles":
        await db.execute("UPDATE users SET display_name = NULL, description = NULL, avatar = NULL, profile_cid = NULL WHERE did = $1", frame.did)
        return
    row = await db.fetchrow(f"DELETE FROM {table} WHERE uri = $1 AND rev <= $2 RETURNING *", uri, frame.rev)
    if row is None or table in SUBJECTS and not row["counted"]:
        return
    if table in ("posts", "reposts"):
        await db.execute("DELETE FROM feed_items WHERE uri = $1", uri)
    await _count(db, table, frame.did, row, -1)


async def _count(db, table, did, row, by):
    if table == "posts":
        await _add(db, "user_counts", "did", did, "posts", by)
        await _add(db, "post_tallies", "uri", row["uri"], "posts", by)
        if row["reply_parent"]:
            await _add(db, "post_tallies", "uri", row["reply_parent"], "replies", by)
        if row["quoted_uri"]:
            await _add(db, "post_tallies", "uri", row["quoted_uri"], "quotes", by)
    elif table == "follows":
        await _add(db, "user_counts", "did", did, "follows", by)
        await _add(db, "user_counts", "did", row["subject_did"], "followers", by)
    elif table in SUBJECTS:
        await _add(db, "post_tallies", "uri", row["subject_uri"], table, by)


COUNTERS = {"user_counts": ("posts", "follows", "followers"), "post_tallies": ("posts", "likes", "reposts", "replies", "quotes")}


async def _add(db, table, key, name, column, by):
    zeros = ", ".join("$2" if other == column else "0" for other in COUNTERS[table])
    await db.execute(
        f"INSERT INTO {table} AS t ({key}, {', '.join(COUNTERS[table])}) VALUES ($1, {zeros})"
        f" ON CONFLICT ({key}) DO UPDATE SET {column} = t.{column} + $2", name, by)


async def _sync(db, frame):
    await db.execute("UPDATE repo_state SET rev = $2, data = $3 WHERE did = $1 AND rev < $2", frame.did, frame.rev, frame.data)


async def _user(db, frame):
    at = records.parse_time(frame.time) or datetime.now(timezone.utc)
    status = None if frame.kind == "identity" else "active" if frame.active else frame.status or "inactive"
    await db.execute(
        "INSERT INTO users AS u (did, handle, status, indexed_at) VALUES ($1, $2, coalesce($3, 'active'), $4)"
        " ON CONFLICT (did) DO UPDATE SET handle = coalesce($2, u.handle), status = coalesce($3, u.status), indexed_at = $4",
        frame.did, frame.handle, status, at)


WRITERS = {"commit": _commit, "sync": _sync, "identity": _user, "account": _user}
