-- What grows for ever unless it is removed: found by age. Ranges of blocks (BRIN) would soon say nothing, because new
-- rows take the room of removed ones. A report's key stays with its case: its receipt code is derived from it.

DROP INDEX idempotency_age;
CREATE INDEX idempotency_age ON idempotency (at) WHERE scope <> 'report';
CREATE INDEX track_age ON track (at);
