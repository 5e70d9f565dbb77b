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

-- A session of an account that is still as it was when its password was held against: `p_seen` is the SHA-256 of that
-- password's hash. Null where it was suspended, moved or given another password since. The account's row is locked
-- first, so that neither a suspension nor a second sign-in slips between. An officer has one live session, whatever page
-- or program signs in: the others end here. Where p_who carries an identity (issuer, subject), that must be the account's
-- still, and whose password it is does not matter. With `p_renewed` the password is another from now on, and all others end.
CREATE FUNCTION session_open(p_who jsonb, p_seen bytea, p_token_mac bytea, p_lasts_s integer, p_page text, p_device text,
    p_renewed text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE p accounts; t timestamptz; v_ended jsonb := '[]'; v_until timestamptz; v_other jsonb := nullif(p_who -> 'identity', 'null');
BEGIN
    SELECT * INTO p FROM accounts WHERE id = (p_who ->> 'account')::uuid FOR NO KEY UPDATE;
    IF p.id IS NULL OR p.suspended OR sha256(convert_to(p.password, 'UTF8')) <> p_seen
        OR (p.role, p.station, p.officer) IS DISTINCT FROM (p_who ->> 'role', p_who ->> 'station', (p_who ->> 'officer')::uuid)
        OR v_other IS NULL AND p.password_made AND p_renewed IS NULL
        OR v_other IS NOT NULL AND NOT EXISTS (SELECT FROM identities i WHERE i.account = p.id
            AND i.issuer = v_other ->> 0 AND i.subject = v_other ->> 1) THEN RETURN NULL; END IF;
    t := clock_timestamp();
    IF p.role = 'officer' OR p_renewed IS NOT NULL THEN
        WITH ended AS (UPDATE sessions SET revoked_at = t WHERE account = p.id AND revoked_at IS NULL RETURNING id, token_mac)
        SELECT coalesce(jsonb_agg(jsonb_build_array(id, encode(token_mac, 'hex'))), '[]') INTO v_ended FROM ended;
    END IF;
    IF p_renewed IS NOT NULL THEN
        UPDATE accounts SET password = p_renewed, password_made = false WHERE id = p.id;
        PERFORM audit_entry('account:' || p.id, p.role || ':' || p.id, 'password_chosen', '{}');
    END IF;
    v_until := t + make_interval(secs => p_lasts_s);
    INSERT INTO sessions (id, token_mac, account, role, station, officer, expires_at, page, device, method)
    VALUES ((p_who ->> 'session')::uuid, p_token_mac, p.id, p.role, p.station, p.officer, v_until, p_page, p_device,
        CASE WHEN v_other IS NULL THEN 'password' ELSE 'oidc' END);
    RETURN jsonb_build_object('until', extract(epoch FROM v_until)::float8, 'ended', v_ended);
END $$;
