-- A job of a caller. `accepted` is 0 while its manifest still arrives: until then nobody sees it, and a restart forgets it.
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    caller TEXT NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    detail TEXT,
    settings TEXT NOT NULL,
    total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    unscored INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    finished INTEGER,
    working INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_of_caller ON jobs (caller, number);

-- What is still to be asked.
CREATE TABLE items (
    job INTEGER NOT NULL REFERENCES jobs (number),
    item INTEGER NOT NULL,
    id TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (job, item)
) STRICT;
CREATE UNIQUE INDEX items_by_id ON items (job, id);

-- What became of the rest.
CREATE TABLE results (
    job INTEGER NOT NULL REFERENCES jobs (number),
    item INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (job, item)
) STRICT;

-- Replies to requests with an `Idempotency-Key`.
CREATE TABLE replies (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX replies_by_end ON replies (expires)
