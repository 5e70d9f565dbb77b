-- Figures read the history by time. Entries are appended in the order of their time, so a block range index finds a
-- month's by a few pages of its own; a tree would cost every report, claim and act one more page to write.

CREATE INDEX events_at ON events USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

CREATE INDEX events_duty ON events (officer, at) WHERE kind = 'duty';   -- who was on duty at a time: the turn before it
