-- What the judge answers with, which judge stands (dispatch.adapters.postgres.judging), who lives, and what the lesser
-- role may do. A table that comes later grants for itself.

CREATE TYPE answer AS (idx integer, ok boolean, reason text, response jsonb, facts jsonb, state jsonb, recipients uuid[]);

CREATE TABLE judge (                                     -- one row: the functions that this database judges with
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    sha256    text NOT NULL,
    functions text[] NOT NULL                            -- their signatures: the next release drops exactly these
);

CREATE TABLE heartbeats (                                -- which processes live: written every two seconds
    instance text PRIMARY KEY,
    role     text NOT NULL,
    at       timestamptz NOT NULL
);

CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

GRANT USAGE ON SCHEMA public TO onbeat_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO onbeat_app;
GRANT INSERT, UPDATE ON stations, areas, categories, officers, accounts, sessions, cases, assignments, streams,
    idempotency, deadlines, relay_cursors TO onbeat_app;
GRANT INSERT ON waves, events, track, tickets_used TO onbeat_app;
GRANT DELETE ON deadlines, idempotency, sessions, tickets_used, areas, track TO onbeat_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO onbeat_app;
GRANT DELETE, INSERT, UPDATE ON heartbeats TO onbeat_app;
