-- Whoever asks for a code hears the same of every number: where no more may be sent the code is kept as a silent one,
-- which no guess opens. And the key under which network blocks are counted is drawn for a day and gone after it.

ALTER TABLE phone_codes ADD COLUMN silent boolean NOT NULL DEFAULT false;

-- Unlogged: neither the write-ahead log nor a copy of the data folder holds it. A crash empties it, and blocks are
-- counted anew; the day's budget and the count of a number are not.
CREATE UNLOGGED TABLE day_keys (
    day date PRIMARY KEY,
    key bytea NOT NULL
);
GRANT SELECT, INSERT, DELETE ON day_keys TO onbeat_app;
