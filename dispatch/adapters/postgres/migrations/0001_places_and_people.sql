-- Stations, areas, categories, officers, accounts, sessions.
-- `onbeat_app` is the lesser role of web, sweeper and relay: it reads and writes rows, it never defines anything.

CREATE TABLE meta (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch      uuid NOT NULL DEFAULT gen_random_uuid()   -- a new one after every restore: old resume tokens end
);
INSERT INTO meta DEFAULT VALUES;

CREATE TABLE stations (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    name_en    text NOT NULL,
    catch_all  boolean NOT NULL DEFAULT false            -- takes the points that lie in no area
);
CREATE UNIQUE INDEX stations_one_catch_all ON stations (catch_all) WHERE catch_all;

CREATE TABLE areas (
    id         text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('station', 'beat')),
    station    text NOT NULL REFERENCES stations,
    name       text NOT NULL,
    outline    jsonb NOT NULL                            -- a GeoJSON geometry, WGS-84
);

CREATE TABLE categories (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    name_en    text NOT NULL,
    seats      integer NOT NULL DEFAULT 1 CHECK (seats BETWEEN 1 AND 4),
    window_ms  integer CHECK (window_ms BETWEEN 100 AND 600000),   -- null: the service's own (dispatch.limits)
    wave_ms    integer CHECK (wave_ms BETWEEN 50 AND 600000),
    ack_ms     integer CHECK (ack_ms BETWEEN 100 AND 600000),
    rings_m    integer[],
    skill      text,
    open       boolean NOT NULL DEFAULT true
);

CREATE TABLE officers (
    id         uuid PRIMARY KEY,
    call_sign  text NOT NULL UNIQUE,
    surname    text NOT NULL,                            -- first character of the surname: what a reporter is told
    station    text NOT NULL REFERENCES stations,
    beat       text REFERENCES areas,
    skills     text[] NOT NULL DEFAULT '{}',
    on_duty    boolean NOT NULL DEFAULT false,
    duty_since timestamptz,
    held       integer NOT NULL DEFAULT 0 CHECK (held >= 0 AND held <= slots),
    slots      integer NOT NULL DEFAULT 1 CHECK (slots BETWEEN 1 AND 10)
) WITH (fillfactor = 70);
CREATE INDEX officers_on_duty ON officers (station) WHERE on_duty;

CREATE TABLE accounts (
    id         uuid PRIMARY KEY,
    login      text NOT NULL UNIQUE,
    password   text NOT NULL,                            -- argon2id, in its own encoding
    role       text NOT NULL,
    station    text REFERENCES stations,
    officer    uuid REFERENCES officers,
    suspended  boolean NOT NULL DEFAULT false
);

CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    token_mac  bytea NOT NULL UNIQUE,                    -- SHA-256 of a 256-bit random token: a stolen table opens nothing
    account    uuid REFERENCES accounts,
    role       text NOT NULL,
    station    text,
    officer    uuid,
    case_id    uuid,                                     -- a reporter's session: the one case that its code opened
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_of_account ON sessions (account) WHERE revoked_at IS NULL;

CREATE TABLE tickets_used (                              -- only while Redis is away
    nonce      bytea PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
