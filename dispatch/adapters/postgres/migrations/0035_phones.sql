-- Numbers that reporters confirmed, and the vault of what they are called. Nothing here is readable without the vault's
-- key, which is not in the database; nothing in the vault is readable by the lesser role at all, but by one function
-- that leaves an entry.

CREATE TABLE phone_codes (
    id           uuid PRIMARY KEY,
    number_mac   bytea NOT NULL,                         -- keyed: counts tries, says nothing to who has the table
    block_mac    bytea NOT NULL,                         -- of the network block that asked, with the day's key
    sealed       bytea NOT NULL,                         -- the number, for the vault
    code_mac     bytea NOT NULL,
    tries        integer NOT NULL DEFAULT 0,
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE INDEX phone_codes_number ON phone_codes (number_mac, asked_at);
CREATE INDEX phone_codes_block ON phone_codes (block_mac, asked_at);
CREATE INDEX phone_codes_age ON phone_codes (asked_at);

CREATE TABLE sms_days (                                  -- what was spent: a wiped Redis opens no tap
    day  date PRIMARY KEY,
    sent integer NOT NULL DEFAULT 0
);

CREATE SCHEMA vault;
CREATE TABLE vault.reporters (
    case_id      uuid PRIMARY KEY,
    number       bytea NOT NULL,                         -- sealed
    name         bytea,                                  -- sealed; null where none was given
    confirmed_at timestamptz NOT NULL
);

REVOKE ALL ON SCHEMA vault FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON phone_codes TO onbeat_app;
GRANT SELECT, INSERT, UPDATE ON sms_days TO onbeat_app;
