-- Codes to telephones, and the vault of who reported by name.

-- The key of today, drawn by whoever asks first; the keys of days before are gone then.
CREATE FUNCTION day_key(p_drawn bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE v_day date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
BEGIN
    INSERT INTO day_keys VALUES (v_day, p_drawn) ON CONFLICT DO NOTHING;
    DELETE FROM day_keys WHERE day < v_day;
    RETURN (SELECT key FROM day_keys WHERE day = v_day);
END $$;

-- One more code, if there may be one; the reason why not otherwise. The day's row is locked first: whatever arrives at
-- once is counted one after the other. `silent`: the number has had its codes, which is nobody's business: the row is
-- kept like any other, by as many statements, and no message goes.
CREATE FUNCTION phone_code(p jsonb, p_per_day integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_sent integer; t timestamptz; v_silent boolean; v_day date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
BEGIN
    INSERT INTO sms_days VALUES (v_day, 0) ON CONFLICT DO NOTHING;
    -- What is refused anyway waits for nobody, and nobody for it.
    IF (SELECT sent FROM sms_days WHERE day = v_day) >= p_per_day THEN RETURN 'codes_used_up'; END IF;
    IF (SELECT count(*) FROM phone_codes WHERE block_mac = decode(p ->> 'block_mac', 'hex')
        AND asked_at > clock_timestamp() - interval '1 hour') >= limit_of('CODES_PER_BLOCK_H') THEN RETURN 'too_many_codes'; END IF;
    SELECT sent INTO v_sent FROM sms_days WHERE day = v_day FOR UPDATE;
    t := clock_timestamp();
    IF v_sent >= p_per_day THEN RETURN 'codes_used_up'; END IF;
    v_silent := (SELECT count(*) FROM phone_codes WHERE number_mac = decode(p ->> 'number_mac', 'hex') AND NOT silent
        AND asked_at > t - interval '1 hour') >= limit_of('CODES_PER_NUMBER_H');
    IF (SELECT count(*) FROM phone_codes WHERE block_mac = decode(p ->> 'block_mac', 'hex')
        AND asked_at > t - interval '1 hour') >= limit_of('CODES_PER_BLOCK_H') THEN RETURN 'too_many_codes'; END IF;
    INSERT INTO phone_codes (id, number_mac, block_mac, sealed, code_mac, asked_at, expires_at, silent) VALUES (
        (p ->> 'id')::uuid, decode(p ->> 'number_mac', 'hex'), decode(p ->> 'block_mac', 'hex'),
        decode(p ->> 'sealed', 'hex'), decode(p ->> 'code_mac', 'hex'), t,
        t + make_interval(secs => limit_of('CODE_S')), v_silent);
    UPDATE sms_days SET sent = sent + CASE WHEN v_silent THEN 0 ELSE 1 END WHERE day = v_day;
    IF v_silent THEN RETURN 'silent'; END IF;
    RETURN NULL;
END $$;

-- A try at a code: null when it is right, else why not. This code and all that went to the number within the hour are
-- locked, so that two hundred tries at once are counted as two hundred; not the silent ones, of which there may be any
-- number. A right code that is sent again hears the same. That others have tried too often is
-- not told: then no code is right, and the row ends after as many tries as any other.
CREATE FUNCTION phone_tried(p_id uuid, p_code_mac bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE k phone_codes; t timestamptz; v_tries integer; v_right boolean;
BEGIN
    SELECT * INTO k FROM phone_codes WHERE id = p_id;
    IF NOT FOUND THEN RETURN 'code_over'; END IF;
    PERFORM FROM phone_codes WHERE id = p_id OR number_mac = k.number_mac AND NOT silent
        AND asked_at > clock_timestamp() - interval '1 hour' ORDER BY id FOR UPDATE;
    SELECT * INTO k FROM phone_codes WHERE id = p_id;
    t := clock_timestamp();
    IF k.confirmed_at IS NOT NULL AND k.code_mac = p_code_mac AND k.confirmed_at > t - make_interval(secs =>
        limit_of('CONFIRMED_S')) THEN RETURN NULL; END IF;
    IF t >= k.expires_at OR k.tries >= limit_of('CODE_TRIES_MAX') OR k.confirmed_at IS NOT NULL THEN RETURN 'code_over'; END IF;
    SELECT coalesce(sum(tries), 0) INTO v_tries FROM phone_codes
        WHERE number_mac = k.number_mac AND NOT silent AND asked_at > t - interval '1 hour';
    v_right := k.code_mac = p_code_mac AND NOT k.silent AND v_tries < limit_of('TRIES_PER_NUMBER_H');
    UPDATE phone_codes SET tries = tries + 1, confirmed_at = CASE WHEN v_right THEN t END WHERE id = p_id;
    RETURN CASE WHEN v_right THEN NULL ELSE 'code_wrong' END;
END $$;

-- Whether a number was confirmed lately enough to report with it.
CREATE FUNCTION phone_confirmed(p_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT confirmed_at > clock_timestamp() - make_interval(secs => limit_of('CONFIRMED_S'))
        FROM phone_codes WHERE id = p_id), false)
$$;

-- The confirmed number goes to the vault as the case's, once, sealed anew: no two cases can be told to be one person's without the vault's key; the row that could be counted with stays a day.
CREATE FUNCTION vault_keep(p_case uuid, p_id uuid, p_number bytea, p_name bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO vault.reporters (case_id, number, name, confirmed_at)
    SELECT p_case, p_number, p_name, confirmed_at FROM phone_codes WHERE id = p_id AND confirmed_at IS NOT NULL
    ON CONFLICT DO NOTHING
$$;

-- What the vault holds of a case, still sealed; that it was opened, by whom and why, is entered in the same transaction,
-- also where there is nothing in it.
CREATE FUNCTION vault_open(p_case uuid, p_actor text, p_reason text, OUT number bytea, OUT name bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    SELECT r.number, r.name INTO number, name FROM vault.reporters r WHERE r.case_id = p_case;
    PERFORM audit_entry('read:' || p_case, p_actor, 'open_identity',
        jsonb_build_object('reason', p_reason, 'held', number IS NOT NULL));
END $$;

-- Codes older than a day go, a bounded number a call: the number behind them is in the vault or nowhere. Keys of days
-- that are over go too, whether anybody asks for a code or not.
CREATE FUNCTION prune_codes(p_older_s integer, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_gone integer; v_before timestamptz := clock_timestamp() - make_interval(secs => p_older_s);
BEGIN
    DELETE FROM day_keys WHERE day < (clock_timestamp() AT TIME ZONE 'UTC')::date;
    DELETE FROM phone_codes WHERE id = ANY (ARRAY(
        SELECT id FROM phone_codes WHERE asked_at < v_before ORDER BY asked_at LIMIT p_limit));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END $$;
