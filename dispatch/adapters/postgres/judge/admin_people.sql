-- People, as an admin sets them. Each change is one call and one commit, with the entry that keeps who, why, before and
-- after. Locks: the officer first, as everywhere, then accounts, then the officer's stream.

-- The entry of a change: x carries actor and reason. The town's audit chain holds its digest, so that nobody alters what
-- was changed unseen; the words stay in the row, where they can be erased.
CREATE FUNCTION note_change(x jsonb, p_kind text, p_subject text, p_verb text, p_before jsonb, p_after jsonb,
    p_t timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE c changes;
BEGIN
    INSERT INTO changes (at, actor, kind, subject, verb, reason, before, after)
    VALUES (p_t, x ->> 'actor', p_kind, p_subject, p_verb, x ->> 'reason', p_before, p_after) RETURNING * INTO c;
    PERFORM audit_entry('town', c.actor, 'change_' || p_kind, jsonb_build_object('change', c.id, 'subject', p_subject,
        'verb', p_verb, 'sha256', change_digest(c)));
END $$;

-- What the chain holds of a change: SHA-256, in hex, over what was before, what after, and why.
CREATE FUNCTION change_digest(c changes) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(c.reason, c.before, c.after)::text, 'UTF8')), 'hex')
$$;

-- An account with its officer, as dispatch.admin.values.Person; no password.
CREATE FUNCTION person_of(p accounts) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('login', p.login, 'role', p.role, 'version', p.version, 'suspended', p.suspended,
        'station', p.station) || coalesce((SELECT jsonb_build_object('officer', o.id, 'call_sign', o.call_sign,
            'surname', o.surname, 'beat', regexp_replace(o.beat, '^beat:', ''), 'skills', to_jsonb(o.skills),
            'slots', o.slots, 'on_duty', o.on_duty, 'held', o.held, 'shift_ends_at', o.shift_ends_at)
        FROM officers o WHERE o.id = p.officer), '{}')
        || coalesce((SELECT jsonb_build_object('identities', jsonb_agg(jsonb_build_object('issuer', i.issuer,
            'subject', i.subject) ORDER BY i.issuer)) FROM identities i WHERE i.account = p.id HAVING count(*) > 0), '{}')
$$;

-- Ends every live session of an account (as the triggers of sessions.sql would): pairs of session and MAC of its token,
-- so that this process tells the cache at once.
CREATE FUNCTION end_sessions(p_account uuid, p_t timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_ended jsonb;
BEGIN
    WITH ended AS (UPDATE sessions SET revoked_at = p_t
        WHERE account = p_account AND revoked_at IS NULL AND expires_at > p_t RETURNING id, token_mac)
    SELECT coalesce(jsonb_agg(jsonb_build_array(id, encode(token_mac, 'hex'))), '[]') INTO v_ended FROM ended;
    RETURN v_ended;
END $$;

-- People in the order of their logins: of a role, of a station, with a text in login, call sign or surname.
CREATE FUNCTION list_people(p_role text, p_station text, p_text text, p_after text, p_limit integer)
RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$
    SELECT person_of(a) || jsonb_build_object('sessions', (SELECT count(*) FROM sessions s WHERE s.account = a.id
        AND s.revoked_at IS NULL AND s.expires_at > (SELECT clock_timestamp())))
    FROM accounts a LEFT JOIN officers o ON o.id = a.officer
    WHERE a.login > p_after AND (p_role IS NULL OR a.role = p_role) AND (p_station IS NULL OR a.station = p_station)
      AND (p_text IS NULL OR strpos(lower(concat_ws(' ', a.login, o.call_sign, o.surname)), lower(p_text)) > 0)
    ORDER BY a.login LIMIT p_limit
$$;

-- Why a person may not become what x says; null: may.
CREATE FUNCTION person_refusal(x jsonb, p accounts, o officers) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN p.id IS NULL AND (x ->> 'version')::integer > 0 THEN 'not_found'
        WHEN p.id IS NOT NULL AND (x ->> 'version')::integer = 0 THEN 'exists'
        WHEN p.version <> (x ->> 'version')::integer THEN 'stale_version'
        WHEN p.role <> x ->> 'role' THEN 'role_fixed'
        WHEN x ->> 'station' IS NOT NULL AND NOT EXISTS (SELECT FROM stations WHERE id = x ->> 'station')
            THEN 'station_unknown'
        WHEN x ->> 'beat' IS NOT NULL AND NOT EXISTS (SELECT FROM areas WHERE id = 'beat:' || (x ->> 'beat')
            AND kind = 'beat' AND station = x ->> 'station') THEN 'beat_unknown'
        WHEN o.on_duty AND o.station <> x ->> 'station' THEN 'on_duty'
        WHEN o.held > (x ->> 'slots')::integer THEN 'slots_held'
        WHEN EXISTS (SELECT FROM officers c WHERE c.call_sign = x ->> 'call_sign' AND c.id IS DISTINCT FROM o.id)
            THEN 'call_sign_taken' END
$$;

-- Makes a person (version 0) or changes one. x: login, version, actor, reason, role, station, call_sign, surname, beat,
-- skills, slots, shift_ends_at; of a new one also id, officer_id and password (argon2id). Who comes to another station
-- signs in anew; who is on duty is told of anew.
CREATE FUNCTION put_person(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE a answer; p accounts; o officers; t timestamptz; v_before jsonb; v_ended jsonb := '[]';
BEGIN
    a.idx := 0; a.facts := '[]';
    SELECT f.* INTO o FROM officers f JOIN accounts c ON c.officer = f.id WHERE c.login = x ->> 'login'
        FOR NO KEY UPDATE OF f;
    SELECT * INTO p FROM accounts WHERE login = x ->> 'login' FOR NO KEY UPDATE;
    PERFORM 1 FROM streams WHERE stream = o.station AND o.on_duty FOR NO KEY UPDATE;
    t := clock_timestamp();
    a.reason := person_refusal(x, p, o); a.ok := a.reason IS NULL;
    IF NOT a.ok THEN RETURN a; END IF;
    v_before := CASE WHEN p.id IS NOT NULL THEN person_of(p) END;
    IF p.station IS DISTINCT FROM x ->> 'station' THEN
        v_ended := end_sessions(p.id, t);
        DELETE FROM desk_shifts WHERE account = p.id;
    END IF;
    IF x ->> 'role' = 'officer' THEN
        INSERT INTO officers AS f (id, call_sign, surname, station, beat, skills, slots, shift_ends_at)
        VALUES (coalesce(o.id, (x ->> 'officer_id')::uuid), x ->> 'call_sign', x ->> 'surname', x ->> 'station',
            'beat:' || (x ->> 'beat'), ARRAY(SELECT jsonb_array_elements_text(x -> 'skills')),
            (x ->> 'slots')::integer, (x ->> 'shift_ends_at')::timestamptz)
        ON CONFLICT (id) DO UPDATE SET call_sign = excluded.call_sign, surname = excluded.surname,
            station = excluded.station, beat = excluded.beat, skills = excluded.skills, slots = excluded.slots,
            shift_ends_at = excluded.shift_ends_at
        RETURNING f.* INTO o;
        IF o.on_duty THEN a.facts := jsonb_build_array(tell_duty(o, x ->> 'actor', t)); END IF;
    END IF;
    IF p.id IS NULL THEN
        INSERT INTO accounts (id, login, password, password_made, role, station, officer)
        VALUES ((x ->> 'id')::uuid, x ->> 'login', x ->> 'password', true, x ->> 'role', x ->> 'station', o.id)
        RETURNING * INTO p;
    ELSE
        UPDATE accounts SET station = x ->> 'station', version = version + 1 WHERE id = p.id RETURNING * INTO p;
    END IF;
    PERFORM note_change(x, 'person', p.login, CASE WHEN v_before IS NULL THEN 'made' ELSE 'changed' END, v_before,
        person_of(p), t);
    a.response := jsonb_build_object('now', person_of(p), 'ended', v_ended);
    RETURN a;
END $$;

-- Suspends a person or lets them in again. x: login, version, suspended, actor, actor_id, reason. A suspended one's
-- sessions end in this commit, an officer goes off duty even with a case: `holding` names those that the desk must see to.
CREATE FUNCTION set_suspended(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE a answer; p accounts; o officers; t timestamptz; v_before jsonb; v_out boolean := (x ->> 'suspended')::boolean;
    v_ended jsonb := '[]'; v_holding jsonb := '[]';
BEGIN
    a.idx := 0; a.facts := '[]';
    SELECT f.* INTO o FROM officers f JOIN accounts c ON c.officer = f.id WHERE c.login = x ->> 'login'
        FOR NO KEY UPDATE OF f;
    -- every admin, so that of two who suspend each other one comes second
    PERFORM 1 FROM accounts WHERE role = 'admin' OR login = x ->> 'login' ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO p FROM accounts WHERE login = x ->> 'login';
    PERFORM 1 FROM streams WHERE stream = o.station AND o.on_duty FOR NO KEY UPDATE;
    t := clock_timestamp();
    a.reason := CASE WHEN p.id IS NULL THEN 'not_found'
        WHEN p.version <> (x ->> 'version')::integer THEN 'stale_version'
        WHEN v_out AND p.id = (x ->> 'actor_id')::uuid THEN 'own_account'
        WHEN v_out AND p.role = 'admin' AND NOT EXISTS (
            SELECT FROM accounts WHERE role = 'admin' AND NOT suspended AND id <> p.id) THEN 'last_admin' END;
    a.ok := a.reason IS NULL;
    IF NOT a.ok THEN RETURN a; END IF;
    v_before := person_of(p);
    IF v_out THEN
        v_ended := end_sessions(p.id, t);
        DELETE FROM desk_shifts WHERE account = p.id;
        SELECT coalesce(jsonb_agg(case_id ORDER BY id), '[]') INTO v_holding FROM assignments
            WHERE officer_id = o.id AND active;
        IF o.on_duty THEN
            UPDATE officers SET on_duty = false, duty_since = NULL, shift_ends_at = NULL WHERE id = o.id RETURNING * INTO o;
            a.facts := jsonb_build_array(tell_duty(o, x ->> 'actor', t));
        END IF;
    END IF;
    UPDATE accounts SET suspended = v_out, version = version + 1 WHERE id = p.id RETURNING * INTO p;
    PERFORM note_change(x, 'person', p.login, CASE WHEN v_out THEN 'suspended' ELSE 'let_in' END, v_before,
        person_of(p), t);
    a.response := jsonb_build_object('now', person_of(p), 'ended', v_ended, 'holding', v_holding);
    RETURN a;
END $$;

-- Another password, which its owner has to change, and an end to every session that the old one opened. x: login,
-- version, password (argon2id), actor, actor_id, reason, factors: forget the second factors too, of somebody else;
-- let_in: a suspended one may come again (scripts/rescue, whose actor has no account).
CREATE FUNCTION reset_password(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE a answer; p accounts; t timestamptz; v_ended jsonb; v_before jsonb; v_gone integer;
BEGIN
    a.idx := 0; a.facts := '[]';
    SELECT * INTO p FROM accounts WHERE login = x ->> 'login' FOR NO KEY UPDATE;
    t := clock_timestamp();
    a.reason := CASE WHEN p.id IS NULL THEN 'not_found'
        WHEN p.version <> (x ->> 'version')::integer THEN 'stale_version'
        WHEN (x ->> 'factors')::boolean AND p.id = (x ->> 'actor_id')::uuid THEN 'own_account' END;
    a.ok := a.reason IS NULL;
    IF NOT a.ok THEN RETURN a; END IF;
    v_ended := end_sessions(p.id, t); v_before := person_of(p);
    UPDATE accounts SET password = x ->> 'password', password_made = true, version = version + 1,
        suspended = suspended AND (x ->> 'let_in')::boolean IS NOT TRUE WHERE id = p.id RETURNING * INTO p;
    PERFORM note_change(x, 'person', p.login, CASE WHEN (x ->> 'factors')::boolean THEN 'factors_reset'
        ELSE 'password_reset' END, v_before, person_of(p), t);
    IF (x ->> 'factors')::boolean THEN
        DELETE FROM factors WHERE account = p.id;
        GET DIAGNOSTICS v_gone = ROW_COUNT;
        DELETE FROM recovery_codes WHERE account = p.id;
        PERFORM audit_entry('account:' || p.id, x ->> 'actor', 'factors_reset', jsonb_build_object('factors', v_gone));
    END IF;
    a.response := jsonb_build_object('now', person_of(p), 'ended', v_ended);
    RETURN a;
END $$;
