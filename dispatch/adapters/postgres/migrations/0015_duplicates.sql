-- Several reports of one incident: one case stands for the others.

ALTER TABLE cases
    ADD COLUMN merged_into uuid,                         -- the case that stands for this one
    ADD COLUMN reports     uuid[] CHECK (reports <> '{}');   -- those that this one stands for, in the order in which they came

-- A merged case is not open: it is out of the index of those that are.
DROP INDEX cases_open;
CREATE INDEX cases_open ON cases (station, received_at) WHERE status NOT IN ('cleared', 'withdrawn', 'merged');
