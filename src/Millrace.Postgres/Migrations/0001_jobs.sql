-- Written for a schema named millrace; under another name each "millrace." is replaced before it runs.

-- The store's clock: everything that is due, expires or was done is told by it. Tests put another in its place.
CREATE FUNCTION millrace.clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT clock_timestamp()';

-- Ids of jobs, their places in the order, and owners come from one sequence; no number is used twice.
CREATE SEQUENCE millrace.numbers;

-- A source that holds claims. Its life is the lease of all of them. running: the jobs a handler of it works on now.
CREATE TABLE millrace.owners (
    id         bigint PRIMARY KEY,
    queue      text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    running    bigint[] NOT NULL DEFAULT '{}',
    process    text COLLATE "C" NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX owners_expiry ON millrace.owners (queue, expires_at);

-- state: 0 ready, 1 leased, 2 delayed (never run), 3 parked (retry or snooze), 4 held behind the head of its key.
-- owner is set exactly while leased, due_at exactly while delayed or parked. suspects: how often an owner died that held it
-- without having noted that it ran. Texts that publishers choose may hold U+0000, which PostgreSQL's text does not: U+0000 to
-- U+0005 are written as two characters each, every other character is written as it is.
CREATE TABLE millrace.jobs (
    id            bigint PRIMARY KEY,
    queue         text COLLATE "C" NOT NULL,
    place         bigint NOT NULL,
    token         bigint NOT NULL DEFAULT 0,
    owner         bigint,
    due_at        timestamptz,
    enqueued_at   timestamptz NOT NULL,
    state         smallint NOT NULL,
    priority      smallint NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    crashes       integer NOT NULL DEFAULT 0,
    suspects      integer NOT NULL DEFAULT 0,
    snoozes       integer NOT NULL DEFAULT 0,
    cancel        boolean NOT NULL DEFAULT false,
    key           text COLLATE "C",
    tenant        text COLLATE "C",
    kind          text COLLATE "C" NOT NULL,
    headers       text COLLATE "C",
    errors        text[] COLLATE "C",
    requeued_from text COLLATE "C",
    body          bytea NOT NULL,
    -- Whoever changes rows by hand cannot leave one that nobody ever takes up again.
    CHECK (state BETWEEN 0 AND 4),
    CHECK ((state = 1) = (owner IS NOT NULL)),
    CHECK ((state IN (2, 3)) = (due_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0.1);

CREATE INDEX jobs_ready ON millrace.jobs (queue, priority, place) WHERE state = 0;
CREATE INDEX jobs_leased ON millrace.jobs (owner) WHERE owner IS NOT NULL;
CREATE INDEX jobs_due ON millrace.jobs (queue, due_at) WHERE due_at IS NOT NULL;
-- By a hash: a key may be longer than an index entry can be.
CREATE INDEX jobs_busy ON millrace.jobs (queue, hashtextextended(key, 0), state, place) WHERE key IS NOT NULL AND state <> 0;

CREATE TABLE millrace.dead_letters (
    n             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            bigint NOT NULL UNIQUE,
    queue         text COLLATE "C" NOT NULL,
    place         bigint NOT NULL,
    token         bigint NOT NULL,
    enqueued_at   timestamptz NOT NULL,
    died_at       timestamptz NOT NULL,
    priority      smallint NOT NULL,
    attempts      integer NOT NULL,
    crashes       integer NOT NULL,
    snoozes       integer NOT NULL,
    holds_key     boolean NOT NULL,
    key           text COLLATE "C",
    tenant        text COLLATE "C",
    kind          text COLLATE "C" NOT NULL,
    reason        text COLLATE "C" NOT NULL,
    headers       text COLLATE "C",
    errors        text[] COLLATE "C",
    requeued_from text COLLATE "C",
    body          bytea NOT NULL
);

CREATE INDEX dead_letters_queue ON millrace.dead_letters (queue, n);
CREATE INDEX dead_letters_holding ON millrace.dead_letters (queue, hashtextextended(key, 0)) WHERE holds_key;

-- For inspection only; appended in the order of finishing. state: 3 succeeded, 4 dead (requeued or discarded), 5 cancelled.
CREATE TABLE millrace.finished (
    n             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            bigint NOT NULL,
    queue         text COLLATE "C" NOT NULL,
    token         bigint NOT NULL,
    enqueued_at   timestamptz NOT NULL,
    finished_at   timestamptz NOT NULL,
    state         smallint NOT NULL,
    attempts      integer NOT NULL,
    crashes       integer NOT NULL,
    snoozes       integer NOT NULL,
    key           text COLLATE "C",
    tenant        text COLLATE "C",
    kind          text COLLATE "C" NOT NULL,
    errors        text[] COLLATE "C",
    requeued_from text COLLATE "C"
);

CREATE INDEX finished_id ON millrace.finished (id);
CREATE INDEX finished_queue ON millrace.finished (queue, n);

-- tenant is empty for none: a key column cannot be null.
CREATE TABLE millrace.deduplication (
    queue      text COLLATE "C" NOT NULL,
    tenant     text COLLATE "C" NOT NULL,
    dedup      text COLLATE "C" NOT NULL,
    job        bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (queue, tenant, dedup)
);

CREATE INDEX deduplication_expiry ON millrace.deduplication (expires_at);

CREATE TABLE millrace.pauses (
    worker    text COLLATE "C" PRIMARY KEY,
    paused_by text COLLATE "C" NOT NULL,
    reason    text COLLATE "C",
    at        timestamptz NOT NULL
);

CREATE TABLE millrace.audit (
    n      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL,
    actor  text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    detail text COLLATE "C"
);

-- Lets go the first of those held behind each key, after something that may have held them changed. Whether the key is open is
-- not asked here: whoever claims asks, and holds them again. The first few only: whoever settles one of them lets the next few go.
CREATE FUNCTION millrace.free_held(of_queue text, keys text[]) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    WITH freed AS (
        UPDATE millrace.jobs j SET state = 0
        FROM unnest(keys) AS k (key)
        CROSS JOIN LATERAL (
            SELECT h.id FROM millrace.jobs h
            WHERE h.queue = of_queue AND hashtextextended(h.key, 0) = hashtextextended(k.key, 0) AND h.key = k.key AND h.state = 4
            ORDER BY h.place LIMIT 256 FOR UPDATE) h
        WHERE j.id = h.id
        RETURNING j.id)
    SELECT count(*) FROM freed
$$;

-- The lock of a queue: alone for claims in the order of keys, shared for whatever else changes a job that has a key.
CREATE FUNCTION millrace.lock_of(queue text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT hashtextextended('millrace.' || queue, 0) $$;
