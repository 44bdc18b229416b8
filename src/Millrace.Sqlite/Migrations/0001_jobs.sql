-- Small numbers instead of names in every row and index entry.
CREATE TABLE queues (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- Ids and places in the order come from one counter that is read and written once a commit group; no number is used twice.
CREATE TABLE counter (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    next_id INTEGER NOT NULL
);

INSERT INTO counter (one, next_id) VALUES (1, 1);

-- A source that holds claims. Its life is the lease of all of them. held_back: another owner met jobs of its keys and set them aside.
CREATE TABLE owners (
    id         INTEGER PRIMARY KEY,
    queue      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    held_back  INTEGER NOT NULL DEFAULT 0,
    process    TEXT NOT NULL
);

-- state: 0 ready, 1 leased, 2 delayed (never run), 3 parked (retry or snooze), 4 held behind the head of its key.
-- owner is set exactly while leased, due_at exactly while delayed or parked. Times are Unix milliseconds.
CREATE TABLE jobs (
    id            INTEGER PRIMARY KEY,
    queue         INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    priority      INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    token         INTEGER NOT NULL DEFAULT 0,
    owner         INTEGER,
    attempts      INTEGER NOT NULL DEFAULT 0,
    crashes       INTEGER NOT NULL DEFAULT 0,
    snoozes       INTEGER NOT NULL DEFAULT 0,
    cancel        INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,
    enqueued_at   INTEGER NOT NULL,
    key           TEXT,
    tenant        TEXT,
    kind          TEXT,
    headers       BLOB,
    errors        BLOB,
    requeued_from TEXT,
    body          BLOB NOT NULL
);

CREATE INDEX jobs_ready ON jobs (queue, priority, seq) WHERE state = 0;
CREATE INDEX jobs_leased ON jobs (owner) WHERE owner IS NOT NULL;
CREATE INDEX jobs_due ON jobs (queue, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_busy ON jobs (queue, key, state, seq) WHERE key IS NOT NULL AND state <> 0;
CREATE INDEX jobs_waiting ON jobs (queue) WHERE state >= 3;

CREATE TABLE dead_letters (
    n             INTEGER PRIMARY KEY,
    id            INTEGER NOT NULL UNIQUE,
    queue         INTEGER NOT NULL,
    priority      INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    token         INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    crashes       INTEGER NOT NULL,
    snoozes       INTEGER NOT NULL,
    holds_key     INTEGER NOT NULL,
    enqueued_at   INTEGER NOT NULL,
    died_at       INTEGER NOT NULL,
    key           TEXT,
    tenant        TEXT,
    kind          TEXT,
    reason        TEXT NOT NULL,
    headers       BLOB,
    errors        BLOB,
    requeued_from TEXT,
    body          BLOB NOT NULL
);

CREATE INDEX dead_letters_queue ON dead_letters (queue);
CREATE INDEX dead_letters_holding ON dead_letters (queue, key) WHERE holds_key = 1;

-- For inspection only; appended in the order of finishing. state: 3 succeeded, 4 dead (requeued or discarded), 5 cancelled, as JobState counts.
CREATE TABLE finished (
    n             INTEGER PRIMARY KEY,
    id            INTEGER NOT NULL,
    queue         INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    token         INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    crashes       INTEGER NOT NULL,
    snoozes       INTEGER NOT NULL,
    enqueued_at   INTEGER NOT NULL,
    finished_at   INTEGER NOT NULL,
    key           TEXT,
    tenant        TEXT,
    kind          TEXT,
    errors        BLOB,
    requeued_from TEXT
);

CREATE INDEX finished_id ON finished (id);

CREATE TABLE deduplication (
    queue      INTEGER NOT NULL,
    tenant     TEXT NOT NULL,
    dedup      TEXT NOT NULL,
    job        INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (queue, tenant, dedup)
) WITHOUT ROWID;

CREATE INDEX deduplication_expiry ON deduplication (expires_at);

CREATE TABLE pauses (
    worker    TEXT PRIMARY KEY,
    paused_by TEXT NOT NULL,
    reason    TEXT,
    at        INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE audit (
    n      INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT
);
