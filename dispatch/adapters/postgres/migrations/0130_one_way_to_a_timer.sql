-- What is due is found by its kind and time, a case's own timer by its case: never by all timers of a kind, which the
-- planner took for few. Another collation keeps the two apart: an index serves only comparisons made in its own.

DROP INDEX deadlines_due;
CREATE INDEX deadlines_due ON deadlines (kind COLLATE "C", due_at);
