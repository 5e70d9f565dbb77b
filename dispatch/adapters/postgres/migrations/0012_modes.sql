-- How cases are put before officers: a mode for each category and hour, the beat's head start, a station's borders.

ALTER TABLE categories
    ADD COLUMN mode text NOT NULL DEFAULT 'snatch' CHECK (mode IN ('snatch', 'best_officer', 'desk_first')),
    ADD COLUMN head_start_ms integer CHECK (head_start_ms BETWEEN 0 AND 30000),  -- null: none
    ADD COLUMN turn_ms integer CHECK (turn_ms BETWEEN 50 AND 600000);            -- null: the service's own

CREATE TABLE category_hours (                            -- hours of the station's own day in which another mode holds
    category text NOT NULL REFERENCES categories ON DELETE CASCADE,
    hour     integer NOT NULL CHECK (hour BETWEEN 0 AND 23),
    mode     text NOT NULL CHECK (mode IN ('snatch', 'best_officer', 'desk_first')),
    PRIMARY KEY (category, hour)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON category_hours TO onbeat_app;

ALTER TABLE stations
    -- whom its cases may be offered to: its own officers only, or also those of others who are near
    ADD COLUMN cross_border text NOT NULL DEFAULT 'neighbours' CHECK (cross_border IN ('own', 'neighbours')),
    ADD COLUMN head_start_ms integer CHECK (head_start_ms BETWEEN 0 AND 30000),  -- null: the category's
    ADD COLUMN hand_backs_max integer CHECK (hand_backs_max BETWEEN 1 AND 20),   -- null: the service's own
    -- a name that the database knows; another fails here and not when a case comes
    ADD COLUMN time_zone text NOT NULL DEFAULT 'Asia/Shanghai'
        CHECK (timestamptz '2000-01-01T00:00Z' AT TIME ZONE time_zone IS NOT NULL);

ALTER TABLE officers ADD COLUMN shift_ends_at timestamptz;                       -- null: the shift has no known end
