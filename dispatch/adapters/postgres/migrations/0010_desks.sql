-- What a desk may decide: whom a station lends, where its cases fall when nobody is on shift, and what was settled.

ALTER TABLE stations
    ADD COLUMN lends    boolean NOT NULL DEFAULT false,  -- other stations' desks may send its officers
    ADD COLUMN falls_to text REFERENCES stations;        -- takes the cases while nobody is on shift here; null: nobody does

ALTER TABLE cases
    ADD COLUMN desk     jsonb;                           -- dispatch.cases.facts.DeskNote; null until a desk settled something

CREATE TABLE desk_shifts (                               -- who is on shift at a desk; a row older than a session counts no more
    account uuid PRIMARY KEY REFERENCES accounts,
    station text NOT NULL REFERENCES stations,
    since   timestamptz NOT NULL
);
CREATE INDEX desk_shifts_of_station ON desk_shifts (station);
GRANT SELECT, INSERT, UPDATE, DELETE ON desk_shifts TO onbeat_app;
