-- Officers' safety, the clerk's entries, and what is known of a place.

ALTER TABLE cases ADD COLUMN channel text NOT NULL DEFAULT 'web';   -- dispatch.cases.values.Channel
ALTER TABLE categories ADD COLUMN check_in_s integer CHECK (check_in_s BETWEEN 1 AND 86400);  -- null: nobody is asked
ALTER TABLE assignments ADD COLUMN check_in text CHECK (check_in IN ('asked', 'missed'));     -- null: nothing is owed

ALTER TABLE deadlines DROP CONSTRAINT IF EXISTS deadlines_kind_check;  -- the judge's functions name the kinds

CREATE TABLE panics (                                    -- live until a person at a desk clears it
    id         uuid PRIMARY KEY,
    officer_id uuid NOT NULL REFERENCES officers,
    station    text NOT NULL,                            -- the stream that tells of it
    case_id    uuid,                                     -- the case that the officer held then
    lat        double precision CHECK (lat BETWEEN -90 AND 90),   -- null: nobody knows where
    lon        double precision CHECK (lon BETWEEN -180 AND 180),
    accuracy_m real,
    raised_at  timestamptz NOT NULL,
    alerted    uuid[] NOT NULL,                          -- officers who were told
    cleared_at timestamptz,
    cleared_by uuid,
    reason     text                                      -- a person's words: here, and in no hash
);
CREATE UNIQUE INDEX panics_live ON panics (officer_id) WHERE cleared_at IS NULL;

CREATE TABLE hazards (                                   -- what a desk knows of a place
    id         uuid PRIMARY KEY,
    station    text NOT NULL,
    lat        double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon        double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    words      text NOT NULL,
    reason     text NOT NULL,
    written_by uuid NOT NULL,
    written_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_by   uuid,
    ended_at   timestamptz,
    end_reason text
);
CREATE INDEX hazards_of_place ON hazards (lat) WHERE ended_at IS NULL;
CREATE INDEX cases_cleared_at_place ON cases (lat) WHERE status = 'cleared';  -- costs nothing before a case ends

CREATE TABLE place_reads (                               -- who read what of a place; only ever added to
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    reader  text NOT NULL,
    at      timestamptz NOT NULL,
    hazards uuid[] NOT NULL,
    earlier uuid[] NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON panics, hazards TO onbeat_app;
GRANT SELECT, INSERT ON place_reads TO onbeat_app;
