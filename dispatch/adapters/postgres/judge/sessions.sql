-- No session outlives a change of privilege. Whoever changes a role, a station, a password or suspends somebody, by
-- whatever path: what was signed in before is signed out in the same transaction, and the processes that hold its
-- sockets see the row within their half second.

-- The account was changed: all its sessions are over.
CREATE FUNCTION end_sessions_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions SET revoked_at = clock_timestamp() WHERE account = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts FOR EACH ROW
    WHEN ((OLD.role, OLD.station, OLD.officer, OLD.password, OLD.suspended)
          IS DISTINCT FROM (NEW.role, NEW.station, NEW.officer, NEW.password, NEW.suspended))
    EXECUTE FUNCTION end_sessions_of_account();

-- The officer works for another station now: what the sessions say of it is no longer true.
CREATE FUNCTION end_sessions_of_officer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions SET revoked_at = clock_timestamp()
    WHERE account IN (SELECT id FROM accounts WHERE officer = NEW.id) AND revoked_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER officers_moved AFTER UPDATE OF station ON officers FOR EACH ROW
    WHEN (OLD.station IS DISTINCT FROM NEW.station) EXECUTE FUNCTION end_sessions_of_officer();
