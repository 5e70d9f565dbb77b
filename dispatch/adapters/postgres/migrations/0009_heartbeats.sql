-- Which processes live: a row each, written every two seconds; readiness asks whether a sweeper and a relay do.

CREATE TABLE heartbeats (
    instance text PRIMARY KEY,
    role     text NOT NULL,
    at       timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON heartbeats TO onbeat_app;

-- This process lives; rows of the long dead go.
CREATE FUNCTION beat(p_instance text, p_role text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO heartbeats VALUES (p_instance, p_role, clock_timestamp())
    ON CONFLICT (instance) DO UPDATE SET at = excluded.at;
    DELETE FROM heartbeats WHERE at < clock_timestamp() - interval '1 hour';
$$;

-- Roles of which a process lives: three beats may be missed.
CREATE FUNCTION living_roles() RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT DISTINCT role FROM heartbeats WHERE at > clock_timestamp() - interval '6 seconds'
$$;
GRANT EXECUTE ON FUNCTION beat, living_roles TO onbeat_app;

CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
