-- How a session was opened, for the list that its person sees. That no session outlives a change of privilege is
-- judge/sessions.sql.

ALTER TABLE sessions
    ADD COLUMN page      text NOT NULL DEFAULT 'api',     -- the kind of page that holds it in a cookie; api: a bearer token
    ADD COLUMN device    text NOT NULL DEFAULT '',        -- browser and system in two words; never of a reporter
    ADD COLUMN opened_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX sessions_of_case ON sessions (case_id) WHERE case_id IS NOT NULL AND revoked_at IS NULL;
