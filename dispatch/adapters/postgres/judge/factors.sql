-- Second factors. Each call is one transaction with its entry in the audit.

-- Kept as the account's, unless it has too many; with it the first time also its codes on paper. Null, or why not.
CREATE FUNCTION factor_keep(x jsonb, p_codes bytea[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_account uuid := (x ->> 'account')::uuid; t timestamptz;
BEGIN
    PERFORM FROM accounts WHERE id = v_account FOR UPDATE;
    t := clock_timestamp();
    IF (x ->> 'first')::boolean AND EXISTS (SELECT FROM factors WHERE account = v_account) THEN RETURN 'second_over'; END IF;
    IF (SELECT count(*) FROM factors WHERE account = v_account) >= limit_of('FACTORS_MAX') THEN RETURN 'factors_full'; END IF;
    INSERT INTO factors (id, account, kind, name, secret, last_step, credential, public_key, sign_count, made_at) VALUES (
        (x ->> 'id')::uuid, v_account, x ->> 'kind', x ->> 'name', decode(x ->> 'secret', 'hex'),
        coalesce((x ->> 'last_step')::bigint, 0), decode(x ->> 'credential', 'hex'), decode(x ->> 'public_key', 'hex'),
        coalesce((x ->> 'sign_count')::bigint, 0), t);
    IF p_codes <> '{}' AND (SELECT count(*) FROM factors WHERE account = v_account) = 1 THEN
        DELETE FROM recovery_codes WHERE account = v_account;
        INSERT INTO recovery_codes SELECT v_account, code FROM unnest(p_codes) code;
    END IF;
    PERFORM audit_entry('account:' || v_account, x ->> 'actor', 'factor_added',
        jsonb_build_object('kind', x ->> 'kind', 'name', x ->> 'name'));
    RETURN NULL;
EXCEPTION WHEN unique_violation THEN RETURN 'factor_known';
END $$;

-- An app's code of this step serves once, and none of an earlier step after it.
CREATE FUNCTION factor_step(p_id uuid, p_step bigint) RETURNS boolean LANGUAGE sql AS $$
    WITH used AS (UPDATE factors SET last_step = p_step, used_at = clock_timestamp()
        WHERE id = p_id AND last_step < p_step RETURNING 1)
    SELECT EXISTS (SELECT FROM used)
$$;

-- A passkey has signed. Its counter never goes back; many have none and say 0 for ever.
CREATE FUNCTION factor_signed(p_id uuid, p_count bigint) RETURNS boolean LANGUAGE sql AS $$
    WITH used AS (UPDATE factors SET sign_count = p_count, used_at = clock_timestamp()
        WHERE id = p_id AND (sign_count < p_count OR sign_count = 0 AND p_count = 0) RETURNING 1)
    SELECT EXISTS (SELECT FROM used)
$$;

-- A code from paper serves once; that one was used is worth an entry.
CREATE FUNCTION recovery_used(p_account uuid, p_mac bytea) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE recovery_codes SET used_at = clock_timestamp() WHERE account = p_account AND code_mac = p_mac AND used_at IS NULL;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM audit_entry('account:' || p_account, 'account:' || p_account, 'recovery_code_used', '{}');
    RETURN true;
END $$;

-- Forgotten; with the last one also the codes on paper. Null, or why not: with `p_keep_one` the last one stays.
CREATE FUNCTION factor_forget(p_account uuid, p_id uuid, p_actor text, p_keep_one boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_name text;
BEGIN
    PERFORM FROM accounts WHERE id = p_account FOR UPDATE;
    IF NOT EXISTS (SELECT FROM factors WHERE id = p_id AND account = p_account) THEN RETURN 'not_found'; END IF;
    IF p_keep_one AND (SELECT count(*) FROM factors WHERE account = p_account) = 1 THEN RETURN 'factor_last'; END IF;
    DELETE FROM factors WHERE id = p_id AND account = p_account RETURNING name INTO v_name;
    DELETE FROM recovery_codes r WHERE r.account = p_account
        AND NOT EXISTS (SELECT FROM factors f WHERE f.account = p_account);
    PERFORM audit_entry('account:' || p_account, p_actor, 'factor_forgotten', jsonb_build_object('name', v_name));
    RETURN NULL;
END $$;
