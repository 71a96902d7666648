-- Labels of people beside what a judge said of the same item, of a caller. `judged` is null where the judge gave no value.
CREATE TABLE labels (
    number INTEGER PRIMARY KEY,
    caller TEXT NOT NULL,
    judge TEXT NOT NULL,
    id TEXT NOT NULL,
    judged REAL,
    human REAL NOT NULL,
    time INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX labels_by_id ON labels (caller, judge, id);
CREATE INDEX labels_by_time ON labels (caller, judge, time, number)
