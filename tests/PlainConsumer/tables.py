"""Writes one event to the firehose's PostgreSQL tables in one transaction, a statement a row, by the rules of the writer it shares them with."""
from collections import defaultdict
from datetime import datetime, timedelta, timezone

import records

SUBJECTS = {"likes": "subject_uri", "reposts": "subject_uri", "follows": "subject_did"}
REMEMBERED = timedelta(days=3)
RUNNING = ("active", "throttled", "desynchronized")


class OutOfTurn(Exception):
    """An earlier event of the account may still be on its way in another process."""


async def apply(connection, frame, delivery, in_turn):
    """Applies the event and returns the faults of its records, as texts; applied before, it changes nothing."""
    if frame.kind not in ("commit", "sync", "identity", "account"):
        return []
    async with connection.transaction():
        event = Event(connection, frame, delivery)
        await event.lock_repo()
        if not in_turn and event.may_be_ahead():
            raise OutOfTurn()
        await getattr(event, frame.kind)()
        await event.write_counters()
    return event.faults


class Event:
    def __init__(self, connection, frame, delivery):
        self.db, self.frame, self.delivery, self.faults = connection, frame, delivery, []
        self.now = datetime.now(timezone.utc)
        at = records.parse_time(frame.time) or self.now
        self.at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        self.posts, self.users = (defaultdict(lambda: defaultdict(int)) for _ in range(2))
        self.totals = defaultdict(int)
        self.lost_items, self.put_items, self.counting, self.gone_posts, self.came_posts = set(), {}, set(), set(), set()

    async def lock_repo(self):
        """Events of one account wait for each other here, whoever applies them."""
        did = self.frame.did
        select = "SELECT * FROM repo_state WHERE did = $1 FOR NO KEY UPDATE"
        self.repo = await self.db.fetchrow(select, did)
        if self.repo is None:
            await self.db.execute(
                "INSERT INTO repo_state (did, status, account_status, identity_seq, account_seq) VALUES ($1, 'synchronized', 'active', 0, 0)"
                " ON CONFLICT (did) DO NOTHING", did)
            self.repo = await self.db.fetchrow(select, did)
            await self.touch_user()
        self.late = self.repo["rev"] is not None and (self.frame.rev or "") <= self.repo["rev"]

    def may_be_ahead(self):
        """Whether something of this account may lie between what the tables hold and this event: of an account's own events no chain tells."""
        if self.frame.kind == "commit":
            return not self.late
        return self.frame.kind != "identity"

    async def commit(self):
        frame, repo = self.frame, self.repo
        changes = [op for op in frame.ops if op.collection in records.TABLES]
        # What came before the account's latest event is not subject to it, unless that deleted everything.
        before = frame.seq <= repo["account_seq"] and repo["account_at"] is not None and self.at <= repo["account_at"]
        ignored = repo["account_status"] not in RUNNING and not (before and repo["account_status"] != "deleted")
        if not self.late:
            chained = repo["rev"] is None or (
                frame.since == repo["rev"] and (repo["data"] is None or frame.prev_data is None or frame.prev_data == repo["data"]))
            await self.move(bool(changes) if ignored else not chained)
        if ignored:
            return
        rows = {}
        for op in changes:
            if op.collection == "app.bsky.actor.profile" and op.key != "self":
                await self.reject(op, f"a profile's key is \"self\", not \"{op.key}\"")
                continue
            if op.collection == "app.bsky.actor.profile":
                await self.touch_user()
            deleted = op.action == "delete" or (op.key, op.collection) in rows and rows[op.key, op.collection][1]
            rows[op.key, op.collection] = op, deleted
        for op, deleted in rows.values():
            await self.change(op, deleted)

    async def change(self, op, deleted):
        uri, rev = self.uri(op), self.frame.rev
        if self.late and await self.db.fetchval("SELECT rev > $2 FROM tombstones WHERE uri = $1", uri, rev):
            return
        table, columns = records.TABLES[op.collection], None
        if op.action != "delete":
            try:
                columns = records.read(op)
            except records.Unfit as fault:
                await self.reject(op, str(fault))
        if columns is None:
            await self.remove(table, uri, rev, "<=")
        elif not await self.insert(table, uri, op, columns) and await self.remove(table, uri, rev, "<"):
            await self.insert(table, uri, op, columns)   # in place of an older one
        if deleted:
            await self.db.execute(
                "INSERT INTO tombstones AS t (uri, rev, expires_at) VALUES ($1, $2, $3)"
                " ON CONFLICT (uri) DO UPDATE SET rev = excluded.rev, expires_at = excluded.expires_at WHERE excluded.rev > t.rev",
                uri, rev, self.now + REMEMBERED)

    async def insert(self, table, uri, op, columns):
        did, rev = self.frame.did, self.frame.rev
        if table == "profiles":
            return await self.db.fetchval(
                "UPDATE users SET display_name = $2, description = $3, avatar = $4, banner = $5, pinned_post = $6, profile_cid = $7, profile_rev = $8"
                " WHERE did = $1 AND (profile_rev IS NULL OR profile_rev < $8) RETURNING true",
                did, *columns.values(), op.cid, rev)
        row = {"uri": uri, "cid": op.cid, "author" if table == "posts" else "actor": did, **columns, "rev": rev}
        if table in ("posts", "reposts"):
            row["indexed_at"] = self.at
        if table in SUBJECTS:
            row["counted"] = False
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        if not await self.db.fetchval(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places}) ON CONFLICT (uri) DO NOTHING RETURNING true", *row.values()):
            return False
        self.totals[table] += 1
        if table == "posts":
            self.count_post(row, 1)
            created = columns["created_at"] or self.at
            self.put_items[uri] = ("reply" if columns["reply_parent"] else "post", min(created, self.at))
        elif table in SUBJECTS:
            await self.recount(table, did, row[SUBJECTS[table]])
        return True

    async def remove(self, table, uri, rev, older):
        """Removes a row unless it is newer; of its pair the next one counts then."""
        if table == "profiles":
            return await self.db.fetchval(
                "UPDATE users SET display_name = NULL, description = NULL, avatar = NULL, banner = NULL, pinned_post = NULL, profile_cid = NULL,"
                f" profile_rev = NULL WHERE did = $1 AND profile_rev {older} $2 RETURNING true", self.frame.did, rev)
        row = await self.db.fetchrow(f"DELETE FROM {table} WHERE uri = $1 AND rev {older} $2 RETURNING *", uri, rev)
        if row is None:
            return False
        self.totals[table] -= 1
        if table == "posts":
            self.count_post(row, -1)
        elif table in SUBJECTS and row["counted"]:
            self.count_pair(table, row["actor"], row[SUBJECTS[table]], uri, -1)
            await self.recount(table, row["actor"], row[SUBJECTS[table]])
        return True

    async def recount(self, table, actor, subject):
        """Of each pair the earliest row counts."""
        changed = await self.db.fetch(
            f"UPDATE {table} SET counted = NOT counted WHERE actor = $1 AND {SUBJECTS[table]} = $2 AND counted <> (uri = ("
            f"SELECT uri FROM {table} WHERE actor = $1 AND {SUBJECTS[table]} = $2 ORDER BY rev, uri LIMIT 1)) RETURNING uri, counted", actor, subject)
        for uri, counted in changed:
            self.count_pair(table, actor, subject, uri, 1 if counted else -1)

    def count_post(self, row, sign):
        uri = row["uri"]
        self.posts[uri]["posts"] += sign
        self.users[self.frame.did]["posts"] += sign
        if row["reply_parent"]:
            self.posts[row["reply_parent"]]["replies"] += sign
        if row["quoted_uri"]:
            self.posts[row["quoted_uri"]]["quotes"] += sign
        if sign < 0:
            self.gone_posts.add(uri)
            self.came_posts.discard(uri)
            self.put_items.pop(uri, None)
        else:
            self.came_posts.add(uri)

    def count_pair(self, table, actor, subject, uri, sign):
        if table == "follows":
            self.users[actor]["follows"] += sign
            self.users[subject]["followers"] += sign
            return
        self.posts[subject][table] += sign
        if table == "reposts":
            (self.counting.add if sign > 0 else self.counting.discard)(uri)
            if sign < 0:
                self.lost_items.add(uri)

    async def sync(self):
        frame, repo = self.frame, self.repo
        same = frame.rev == repo["rev"] and (frame.data is None or repo["data"] is None or frame.data == repo["data"])
        if repo["rev"] is None or frame.rev >= repo["rev"] and not same:
            await self.move(out_of_step=repo["rev"] is not None)

    async def identity(self):
        if self.covered("identity"):
            return
        await self.db.execute("UPDATE repo_state SET identity_seq = $2, identity_at = $3 WHERE did = $1", self.frame.did, self.frame.seq, self.at)
        await self.touch_user(self.frame.handle and self.frame.handle.replace("\0", "\ufffd"))

    async def account(self):
        frame = self.frame
        if self.covered("account"):
            return
        status = "active" if frame.active else (frame.status or "inactive").replace("\0", "\ufffd")
        await self.db.execute(
            "UPDATE repo_state SET account_seq = $2, account_at = $3, account_status = $4 WHERE did = $1", frame.did, frame.seq, self.at, status)
        await self.touch_user()
        await self.db.execute("UPDATE users SET status = $2 WHERE did = $1", frame.did, status)
        if status == "deleted":
            await self.purge()

    def covered(self, mark):
        """Both must say that a later event was here: another relay counts from another number."""
        known_seq, known_at = self.repo[f"{mark}_seq"], self.repo[f"{mark}_at"]
        return known_at is not None and self.frame.seq <= known_seq and self.at <= known_at

    async def purge(self):
        bounds = f"at://{self.frame.did}/", f"at://{self.frame.did}0"   # "0" follows "/"
        for table in ("posts", "likes", "reposts", "follows", "blocks"):
            for row in await self.db.fetch(f"DELETE FROM {table} WHERE uri >= $1 AND uri < $2 RETURNING *", *bounds):
                self.totals[table] -= 1
                if table == "posts":
                    self.count_post(row, -1)
                elif table in SUBJECTS and row["counted"]:
                    self.count_pair(table, row["actor"], row[SUBJECTS[table]], row["uri"], -1)
        await self.remove("profiles", None, "~", "<=")
        for table in ("tombstones", "rejected_records"):
            await self.db.execute(f"DELETE FROM {table} WHERE uri >= $1 AND uri < $2", *bounds)
        await self.db.execute("UPDATE repo_state SET data = NULL, status = 'synchronized' WHERE did = $1", self.frame.did)
        self.totals["desynchronized"] -= self.repo["status"] == "desynchronized"

    async def move(self, out_of_step):
        known = self.repo["status"] == "desynchronized"
        await self.db.execute(
            "UPDATE repo_state SET rev = $2, data = $3, status = $4 WHERE did = $1",
            self.frame.did, self.frame.rev, self.frame.data, "desynchronized" if known or out_of_step else "synchronized")
        self.totals["chain_breaks"] += out_of_step
        self.totals["desynchronized"] += out_of_step and not known

    async def touch_user(self, handle=None):
        await self.db.execute(
            "INSERT INTO users AS u (did, handle, status, indexed_at) VALUES ($1, $2, 'active', $3)"
            " ON CONFLICT (did) DO UPDATE SET handle = coalesce(excluded.handle, u.handle), indexed_at = greatest(u.indexed_at, excluded.indexed_at)",
            self.frame.did, handle, self.at)

    async def reject(self, op, reason):
        self.faults.append(f"{self.uri(op)}: {reason}")
        new = await self.db.fetchval(
            "INSERT INTO rejected_records (uri, rev, delivery, reason, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (uri, rev) DO NOTHING RETURNING true",
            self.uri(op), self.frame.rev, self.delivery, reason.replace("\0", "\ufffd"), self.now + REMEMBERED)
        self.totals["rejected"] += bool(new)

    def uri(self, op):
        return f"at://{self.frame.did}/{op.collection}/{op.key}"

    async def write_counters(self):
        """Signed deltas in key order, so that two transactions cannot wait for each other; then the feed, which the posts' counters guard."""
        await self.add("post_tallies", "uri", ("posts", "likes", "reposts", "replies", "quotes"), self.posts)
        await self.add("user_counts", "did", ("posts", "follows", "followers"), self.users)
        for uri in self.lost_items | self.gone_posts:
            await self.db.execute("DELETE FROM feed_items WHERE uri = $1", uri)
        for uri in self.gone_posts:
            await self.db.execute("DELETE FROM feed_items WHERE uri IN (SELECT uri FROM reposts WHERE subject_uri = $1)", uri)
        for uri, (kind, sort_at) in self.put_items.items():
            await self.db.execute(
                "INSERT INTO feed_items (uri, type, post_uri, originator, sort_at) VALUES ($1, $2, $1, $3, $4)"
                " ON CONFLICT (uri) DO UPDATE SET type = excluded.type, sort_at = excluded.sort_at", uri, kind, self.frame.did, sort_at)
        for column, uris in (("r.uri", self.counting), ("r.subject_uri", self.came_posts)):
            for uri in uris:
                await self.db.execute(
                    "INSERT INTO feed_items (uri, type, post_uri, originator, sort_at)"
                    " SELECT r.uri, 'repost', r.subject_uri, r.actor, least(r.created_at, r.indexed_at) FROM reposts r JOIN posts p ON p.uri = r.subject_uri"
                    f" WHERE {column} = $1 AND r.counted ON CONFLICT (uri) DO NOTHING", uri)
        for name in sorted(name for name, by in self.totals.items() if by):
            await self.db.execute(
                "INSERT INTO total_slots AS t (name, slot, value) VALUES ($1, pg_backend_pid() % 64, $2)"
                " ON CONFLICT (name, slot) DO UPDATE SET value = t.value + excluded.value", name, self.totals[name])

    async def add(self, table, key, columns, deltas):
        places = ", ".join(f"${place}" for place in range(2, len(columns) + 2))
        sums = ", ".join(f"{column} = t.{column} + excluded.{column}" for column in columns)
        for name in sorted(deltas, key=str.encode):
            values = [deltas[name][column] for column in columns]
            await self.db.execute(
                f"INSERT INTO {table} AS t ({key}, {', '.join(columns)}) VALUES ($1, {places}) ON CONFLICT ({key}) DO UPDATE SET {sums}", name, *values)
            if not any(value > 0 for value in values):
                await self.db.execute(f"DELETE FROM {table} WHERE {key} = $1 AND " + " AND ".join(f"{column} = 0" for column in columns), name)
