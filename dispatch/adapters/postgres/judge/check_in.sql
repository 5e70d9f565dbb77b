-- A sign of life from officers on scene. One timer a case; whom it asks and who is silent stands at their seats.
-- dispatch.cases.check_in is the specification.

-- The next question, where the category asks any: by the first who arrived.
CREATE FUNCTION set_check_in(c cases, p_t timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO deadlines (case_id, kind, station, due_at, round)
    SELECT c.id, 'check_in', c.station, p_t + make_interval(secs => k.check_in_s), c.round
    FROM categories k WHERE k.id = c.category AND k.check_in_s IS NOT NULL
    ON CONFLICT (case_id, kind) DO NOTHING
$$;

-- Why this check-in is refused, or null. Its actor, fence and the case's status have been judged.
CREATE FUNCTION judge_check_in(c cases, p_event text, p_officer uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE v_owed uuid[] := ARRAY(
    SELECT officer_id FROM assignments WHERE case_id = c.id AND active AND check_in IS NOT NULL);
BEGIN
    IF p_event = 'checked_in' THEN
        RETURN CASE WHEN p_officer IS NULL OR NOT p_officer = ANY (v_owed) THEN 'not_asked' END;
    END IF;
    RETURN CASE WHEN (p_event = 'check_in_asked') = (v_owed <> '{}') THEN 'illegal' END;
END $$;

-- All is well with this officer. When nobody owes an answer any more, the next question is due after the usual time.
CREATE FUNCTION check_in(c cases, p_officer uuid, p_t timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE assignments SET check_in = NULL WHERE case_id = c.id AND officer_id = p_officer AND active;
    IF NOT EXISTS (SELECT FROM assignments WHERE case_id = c.id AND active AND check_in IS NOT NULL) THEN
        DELETE FROM deadlines WHERE case_id = c.id AND kind = 'check_in';
        PERFORM set_check_in(c, p_t);
    END IF;
END $$;

-- Due in one case that is locked: ask those on scene; or tell the desk who did not answer, and again.
CREATE FUNCTION fire_check_in_of(INOUT c cases, INOUT facts jsonb, p_nr integer, p_t timestamptz) LANGUAGE plpgsql AS $$
DECLARE r record; v_there uuid[]; v_silent uuid[]; v_event text;
BEGIN
    SELECT array_agg(officer_id ORDER BY id), array_agg(officer_id ORDER BY id) FILTER (WHERE check_in IS NOT NULL)
    INTO v_there, v_silent FROM assignments WHERE case_id = c.id AND active AND state = 'on_scene';
    IF c.status <> 'on_scene' OR v_there IS NULL THEN RETURN; END IF;  -- nobody is there any more: harmless
    v_event := CASE WHEN v_silent IS NULL THEN 'check_in_asked' ELSE 'check_in_missed' END;
    UPDATE assignments SET check_in = CASE WHEN v_silent IS NULL THEN 'asked' ELSE 'missed' END
        WHERE case_id = c.id AND active AND officer_id = ANY (coalesce(v_silent, v_there));
    SELECT q.* INTO r FROM append(c, facts, v_event, 'service', NULL,
        jsonb_build_object('nr', p_nr, 'officers', coalesce(v_silent, v_there)), p_t) q;
    c := r.c; facts := r.facts;
    IF p_nr < limit_of('ALARMS_MAX') THEN
        INSERT INTO deadlines (case_id, kind, station, due_at, round, wave)
        VALUES (c.id, 'check_in', c.station, p_t + make_interval(secs => limit_of('CHECK_IN_ANSWER_MS') / 1000.0),
            c.round, p_nr + 1);
    END IF;
END $$;
