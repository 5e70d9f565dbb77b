-- Who read what, and what was done outside a case: chains that the application can lengthen and nothing else.
-- The acts of a case are its own chain (events); these stand beside it, so that reading never waits for a case's row.

CREATE TABLE audit_chains (
    chain text PRIMARY KEY,                              -- read:CASE, account:ACCOUNT, station:STATION, town
    seq   integer NOT NULL,
    head  bytea NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE audit (
    chain text NOT NULL,
    seq   integer NOT NULL,
    at    timestamptz NOT NULL,
    actor text NOT NULL,
    act   text NOT NULL,
    body  jsonb NOT NULL,
    hash  bytea NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_age ON audit (at);

-- (A trigger holds its function, so that this one cannot be made anew by every release as the judge's are.)
-- Coming and going of everybody who works here. A reporter's session is a code that was opened: no trace is kept of it.
CREATE FUNCTION audit_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM audit_entry('account:' || NEW.account, NEW.role || ':' || NEW.account,
        CASE WHEN TG_OP = 'INSERT' THEN 'signed_in' ELSE 'session_ended' END,
        jsonb_build_object('session', NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_audited_in AFTER INSERT ON sessions FOR EACH ROW
    WHEN (NEW.account IS NOT NULL) EXECUTE FUNCTION audit_session();
CREATE TRIGGER sessions_audited_out AFTER UPDATE OF revoked_at ON sessions FOR EACH ROW
    WHEN (NEW.account IS NOT NULL AND OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION audit_session();

REVOKE ALL ON audit, audit_chains FROM onbeat_app;
GRANT SELECT ON audit, audit_chains TO onbeat_app;
