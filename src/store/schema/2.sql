-- What keys have used of their quotas of a day, counted from 1970.
CREATE TABLE uses (
    key TEXT PRIMARY KEY,
    day INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT
