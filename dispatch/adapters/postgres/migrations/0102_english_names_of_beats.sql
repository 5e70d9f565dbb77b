-- A beat's English name, as its file gives it. Null where there is none: the pages then say its id, and make nothing up.
-- A station's stands with the station, where an admin may change it.

ALTER TABLE areas ADD COLUMN name_en text CHECK (name_en <> '');
