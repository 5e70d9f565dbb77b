-- Which cases were one number's, under a keyed name of the number: read when it reports again, kept for 180 days after it
-- last did. Sealed, and always as long: whoever has the table knows how many numbers reported, and on which day each last
-- did. The lesser role reads and writes it by two functions alone.

CREATE TABLE vault.histories (
    number_key bytea PRIMARY KEY,
    sealed     bytea NOT NULL,
    last_on    date NOT NULL                             -- UTC; a finer time would tell the case
);
CREATE INDEX histories_age ON vault.histories (last_on);
