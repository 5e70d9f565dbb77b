-- The word of an assignment, and how a case stands to its end.

ALTER TABLE assignments                                  -- four digits: easy to say in any language, made here, never logged
    ADD COLUMN word       text NOT NULL DEFAULT
        lpad((('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 8))::bit(32)::bigint % 10000)::text, 4, '0'),
    ADD COLUMN word_tries integer NOT NULL DEFAULT 0,
    ADD COLUMN met_at     timestamptz;

ALTER TABLE cases
    ADD COLUMN ending jsonb;                             -- dispatch.cases.facts.Ending; null until somebody ended it
