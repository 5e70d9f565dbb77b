-- Which processes live; readiness asks whether a sweeper and a relay do.

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
