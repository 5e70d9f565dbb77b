-- What an admin sets: each row counts its versions, and every change is kept for good.

ALTER TABLE accounts ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE stations ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE categories ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE meta ADD COLUMN town_version bigint NOT NULL DEFAULT 1;   -- rises with every change of stations, areas, categories
GRANT UPDATE (town_version) ON meta TO onbeat_app;

CREATE TABLE changes (                                   -- only ever added to: the lesser role may not change a row
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,                               -- a person's stable name: role, colon, account
    kind    text NOT NULL CHECK (kind IN ('person', 'station', 'category', 'areas')),
    subject text NOT NULL,                               -- login, id of a station or category, kind of areas
    verb    text NOT NULL,
    reason  text NOT NULL,
    before  jsonb,                                       -- null: there was none; never a password
    after   jsonb
);
CREATE INDEX changes_of_subject ON changes (kind, subject, id);
GRANT SELECT, INSERT ON changes TO onbeat_app;
