-- A case, its assignments, waves, deadlines and history. Three records, never one: case, assignment, officer's duty.

CREATE TABLE legal (                                     -- dispatch.cases.lifecycle.LEGAL, loaded by every release
    status text NOT NULL, event text NOT NULL, next_status text NOT NULL,
    PRIMARY KEY (status, event)
);
CREATE TABLE guards (                                    -- dispatch.cases.lifecycle.GUARDS
    event text PRIMARY KEY, actors text[] NOT NULL, fence boolean NOT NULL
);
CREATE TABLE limits (                                    -- the numbers of dispatch.limits that SQL needs
    name text PRIMARY KEY, value integer NOT NULL
);

CREATE TABLE cases (
    id              uuid PRIMARY KEY,
    station         text NOT NULL,
    category        text NOT NULL,
    words           text NOT NULL,
    words_salt      bytea NOT NULL,                      -- deleting it erases the words from the chain's reach
    lat             double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon             double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    accuracy_m      real,
    place_source    text NOT NULL DEFAULT 'pin',
    reporter        text NOT NULL DEFAULT 'anonymous',
    receipt_mac     bytea NOT NULL UNIQUE,
    received_at     timestamptz NOT NULL,
    exercise        boolean NOT NULL DEFAULT false,
    seats           integer NOT NULL DEFAULT 1,
    status          text NOT NULL,
    round           integer NOT NULL DEFAULT 0,
    wave            integer NOT NULL DEFAULT 0,
    fence           integer NOT NULL DEFAULT 0,
    offer_deadline  timestamptz,
    declined        uuid[] NOT NULL DEFAULT '{}',
    handed_back     uuid[] NOT NULL DEFAULT '{}',
    claimed_by      uuid,
    claimed_at      timestamptz,
    escalated_at    timestamptz,
    desk_reason     text,
    acknowledged_by uuid,
    acknowledged_at timestamptz,
    alarms          integer NOT NULL DEFAULT 0,
    closed_at       timestamptz,
    disposition     text,
    seq             integer NOT NULL,                    -- entries in the history
    head            bytea NOT NULL,                      -- hash of the last one
    CHECK (status <> 'offered' OR offer_deadline IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX cases_open ON cases (station, received_at) WHERE status NOT IN ('cleared', 'withdrawn');

CREATE TABLE assignments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id     uuid NOT NULL,
    officer_id  uuid NOT NULL,
    seat        integer NOT NULL,
    slot        integer NOT NULL,
    round       integer NOT NULL,
    fence       integer NOT NULL,
    state       text NOT NULL DEFAULT 'claimed',
    active      boolean NOT NULL DEFAULT true,
    claimed_at  timestamptz NOT NULL,
    en_route_at timestamptz,
    on_scene_at timestamptz,
    ended_at    timestamptz,
    ended_by    text
) WITH (fillfactor = 70);
-- The backstops: even a wrong judge cannot seat two officers, or give one officer two cases.
CREATE UNIQUE INDEX assignments_seat ON assignments (case_id, seat) WHERE active;
CREATE UNIQUE INDEX assignments_slot ON assignments (officer_id, slot) WHERE active;
CREATE INDEX assignments_of_case ON assignments (case_id);

CREATE TABLE waves (                                     -- who was asked: one row a wave, never one an officer
    case_id    uuid NOT NULL,
    seq        integer NOT NULL,                         -- the entry of the history that opened it
    round      integer NOT NULL,
    wave       integer NOT NULL,
    recipients uuid[] NOT NULL,
    PRIMARY KEY (case_id, seq)
);

CREATE TABLE deadlines (                                 -- every timer is a row; firing twice is harmless
    case_id    uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('window', 'wave', 'ack')),
    station    text NOT NULL,
    due_at     timestamptz NOT NULL,
    round      integer NOT NULL,
    wave       integer NOT NULL DEFAULT 0,               -- of a wave: which one opens
    PRIMARY KEY (case_id, kind)
);
CREATE INDEX deadlines_due ON deadlines (kind, due_at);

CREATE TABLE streams (                                   -- one a station; the row lock makes offsets gap-free
    stream      text PRIMARY KEY,
    next_offset bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

CREATE TABLE events (                                    -- history, audit chain and outbox in one row
    stream        text NOT NULL,
    stream_offset bigint NOT NULL,
    case_id       uuid,
    seq           integer,
    kind          text NOT NULL,
    actor         text NOT NULL,
    officer       uuid,
    at            timestamptz NOT NULL,
    body          jsonb NOT NULL,
    hash          bytea,
    PRIMARY KEY (stream, stream_offset)
);
CREATE UNIQUE INDEX events_of_case ON events (case_id, seq) WHERE case_id IS NOT NULL;

CREATE TABLE relay_cursors (stream text PRIMARY KEY, stream_offset bigint NOT NULL);

CREATE TABLE idempotency (
    scope        text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    response     jsonb,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_age ON idempotency USING brin (at);

CREATE TABLE track (                                     -- only the assigned officer of an open case
    case_id    uuid NOT NULL,
    officer_id uuid NOT NULL,
    at         timestamptz NOT NULL,
    lat        double precision NOT NULL,
    lon        double precision NOT NULL,
    accuracy_m real NOT NULL,
    PRIMARY KEY (case_id, officer_id, at)
);
