-- When a session was last used: one of who works here ends an hour later, unless its officer is on duty.

ALTER TABLE sessions ADD COLUMN seen_at timestamptz NOT NULL DEFAULT clock_timestamp();
