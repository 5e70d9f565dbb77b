-- Officers on the way who fall silent, and cases that are worth pulling somebody from another.

ALTER TABLE assignments
    ADD COLUMN watch       text CHECK (watch IN ('nudged', 'alarmed', 'asked', 'missed')),  -- null: nothing was noticed
    ADD COLUMN watch_why   text,                         -- a sign (dispatch.watch.progress), or 'desk'
    ADD COLUMN watch_due   timestamptz,                  -- when the next step follows
    ADD COLUMN watch_after timestamptz;                  -- the officer has answered: nobody asks again before

ALTER TABLE categories
    ADD COLUMN priority    integer NOT NULL DEFAULT 3 CHECK (priority BETWEEN 1 AND 5),     -- 1 is the highest
    ADD COLUMN patience_ms integer CHECK (patience_ms BETWEEN 100 AND 3600000);  -- each wait of the watch; null: the service's own

ALTER TABLE deadlines DROP CONSTRAINT IF EXISTS deadlines_kind_check;  -- the judge's functions name the kinds
