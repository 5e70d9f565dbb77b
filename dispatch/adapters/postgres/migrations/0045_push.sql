-- Phones that may be rung while their page is closed, and what was rung.

CREATE TABLE push_subscriptions (
    id       uuid PRIMARY KEY,
    session  uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,  -- who signs out is not rung
    account  uuid NOT NULL REFERENCES accounts,
    officer  uuid REFERENCES officers,                             -- null: of a desk or a supervisor
    endpoint text NOT NULL UNIQUE CHECK (length(endpoint) <= 1024),
    p256dh   bytea NOT NULL CHECK (octet_length(p256dh) = 65),     -- the phone's public key, uncompressed
    auth     bytea NOT NULL CHECK (octet_length(auth) = 16),       -- the phone's authentication secret (RFC 8291)
    at       timestamptz NOT NULL
);
CREATE INDEX push_subscriptions_of_account ON push_subscriptions (account, at);
CREATE INDEX push_subscriptions_of_officer ON push_subscriptions (officer) WHERE officer IS NOT NULL;
CREATE INDEX push_subscriptions_of_session ON push_subscriptions (session);

CREATE TABLE push_rings (                                          -- one phone is rung once a round of a case
    case_id      uuid NOT NULL,
    round        integer NOT NULL,
    subscription uuid NOT NULL REFERENCES push_subscriptions ON DELETE CASCADE,
    claimed_at   timestamptz NOT NULL,                             -- a process is about to ring it
    sent_at      timestamptz,                                      -- null: not yet, or that process died
    PRIMARY KEY (case_id, round, subscription)
);
CREATE INDEX push_rings_age ON push_rings (claimed_at);
CREATE INDEX push_rings_of_subscription ON push_rings (subscription);

GRANT SELECT, INSERT, UPDATE, DELETE ON push_subscriptions, push_rings TO onbeat_app;
