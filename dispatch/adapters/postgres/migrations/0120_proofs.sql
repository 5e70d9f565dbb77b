-- When the person of a session last showed who they are: ending somebody's other sessions wants that to be a moment ago.
-- And whose account an officer is, as the audit and a station's change ask it, without reading all accounts.

ALTER TABLE sessions ADD COLUMN proved_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX accounts_officer ON accounts (officer) WHERE officer IS NOT NULL;
