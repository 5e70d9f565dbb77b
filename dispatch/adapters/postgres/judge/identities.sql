-- Who of an identity provider is which account. Each call is one transaction with its entry in the audit, which names
-- the provider and not the subject: that stands in the row, where it can be erased.

-- Linked at a first sign-in. True where it is so afterwards; false where the account is another subject's there, or the
-- subject another account's.
CREATE FUNCTION identity_link(p_account uuid, p_issuer text, p_subject text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM accounts WHERE id = p_account FOR UPDATE;
    INSERT INTO identities VALUES (p_issuer, p_subject, p_account, clock_timestamp()) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM audit_entry('account:' || p_account, 'account:' || p_account, 'identity_linked',
            jsonb_build_object('issuer', p_issuer));
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM identities
        WHERE issuer = p_issuer AND subject = p_subject AND account = p_account);
END $$;

-- Linked by an admin, or with a null subject no longer. x: login, version, subject, issuer, actor, reason. Whoever was
-- signed in signs in anew.
CREATE FUNCTION put_identity(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE a answer; p accounts; t timestamptz; v_before jsonb; v_ended jsonb;
BEGIN
    a.idx := 0; a.facts := '[]';
    SELECT * INTO p FROM accounts WHERE login = x ->> 'login' FOR UPDATE;
    t := clock_timestamp();
    a.reason := CASE WHEN p.id IS NULL THEN 'not_found'
        WHEN p.version <> (x ->> 'version')::integer THEN 'stale_version'
        WHEN EXISTS (SELECT FROM identities WHERE issuer = x ->> 'issuer' AND subject = x ->> 'subject'
            AND account <> p.id) THEN 'identity_taken' END;
    a.ok := a.reason IS NULL;
    IF NOT a.ok THEN RETURN a; END IF;
    v_before := person_of(p);
    DELETE FROM identities WHERE account = p.id AND issuer = x ->> 'issuer';
    IF x ->> 'subject' IS NOT NULL THEN
        INSERT INTO identities VALUES (x ->> 'issuer', x ->> 'subject', p.id, t);
    END IF;
    v_ended := end_sessions(p.id, t);
    UPDATE accounts SET version = version + 1 WHERE id = p.id RETURNING * INTO p;
    PERFORM note_change(x, 'person', p.login, CASE WHEN x ->> 'subject' IS NULL THEN 'unlinked' ELSE 'linked' END,
        v_before, person_of(p), t);
    a.response := jsonb_build_object('now', person_of(p), 'ended', v_ended);
    RETURN a;
END $$;
