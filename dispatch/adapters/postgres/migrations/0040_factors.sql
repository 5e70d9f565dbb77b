-- The second thing by which somebody who works here shows who they are: a passkey, or codes from an app; and the ten
-- codes on paper for the day when both are lost.

CREATE TABLE factors (
    id         uuid PRIMARY KEY,
    account    uuid NOT NULL REFERENCES accounts,
    kind       text NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name       text NOT NULL,                            -- as its owner calls it
    secret     bytea,                                    -- of an app: sealed with a key that is not in the database
    last_step  bigint NOT NULL DEFAULT 0,                -- of an app: a code serves once
    credential bytea UNIQUE,                             -- of a passkey
    public_key bytea,
    sign_count bigint NOT NULL DEFAULT 0,                -- of a passkey: a copy of it would lag behind
    made_at    timestamptz NOT NULL,
    used_at    timestamptz,
    CHECK ((kind = 'totp') = (secret IS NOT NULL) AND (kind = 'passkey') = (credential IS NOT NULL))
);
CREATE INDEX factors_of_account ON factors (account);

CREATE TABLE recovery_codes (
    account  uuid NOT NULL REFERENCES accounts,
    code_mac bytea NOT NULL,
    used_at  timestamptz,
    PRIMARY KEY (account, code_mac)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON factors, recovery_codes TO onbeat_app;
