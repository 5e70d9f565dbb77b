-- The end of a case and what may follow it; the word at the door. Guards in the order of dispatch.cases.closing.

-- Guards that are asked after all others: why not, or null.
CREATE FUNCTION judge_closing(c cases, x jsonb, p_t timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE v_event text := x ->> 'event'; v_actor text := x ->> 'actor';
BEGIN
    IF v_event = 'objected' AND (c.closed_at IS NULL
        OR p_t >= c.closed_at + make_interval(secs => limit_of('OBJECTION_S'))) THEN RETURN 'overdue'; END IF;
    IF v_event = 'rated' AND c.ending ->> 'stars' IS NOT NULL THEN RETURN 'rated_before'; END IF;
    IF x ->> 'disposition' = 'hoax' AND v_actor <> 'supervisor' THEN RETURN 'supervisor_only'; END IF;
    IF v_actor IN ('desk', 'supervisor') AND (v_event = 'reclassified' OR c.status = 'at_station'
        AND coalesce((c.ending ->> 'objected')::boolean, false) AND v_event NOT IN ('said', 'read')) THEN
        IF v_actor = 'desk' THEN RETURN 'supervisor_only'; END IF;
        IF x ->> 'actor_id' = c.ending ->> 'barred' THEN RETURN 'another_supervisor'; END IF;
    END IF;
    RETURN NULL;
END $$;

-- The word at the door: the officer says what the reporter's phone shows. Why not, or null.
CREATE FUNCTION judge_word(c cases, p_officer uuid, p_word text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE a assignments;
BEGIN
    SELECT * INTO a FROM assignments WHERE case_id = c.id AND officer_id = p_officer AND active;
    RETURN CASE WHEN a.met_at IS NOT NULL THEN 'illegal'
                WHEN a.word_tries >= limit_of('WORD_TRIES_MAX') THEN 'word_spent'
                WHEN a.word IS DISTINCT FROM p_word THEN 'wrong_word' END;
END $$;

-- A wrong word counts although nothing else happened.
CREATE FUNCTION note_wrong_word(p_case uuid, p_officer uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE assignments SET word_tries = word_tries + 1 WHERE case_id = p_case AND officer_id = p_officer AND active
$$;

-- Guards of single events, after those of the machine: why not, or null.
CREATE FUNCTION judge_more(c cases, o officers, x jsonb, p_t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(judge_closing(c, x, p_t), CASE x ->> 'event'
        WHEN 'said' THEN judge_line(x, p_t) WHEN 'met' THEN judge_word(c, o.id, x ->> 'word') END)
$$;

-- Who closed a case, beside what is known of its ending already.
CREATE FUNCTION ended(p_ending jsonb, x jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(p_ending, '{}') || jsonb_build_object('closed_by', x -> 'actor_id', 'objected', false)
$$;

-- As others may see it: with what is left of the time for an objection.
CREATE FUNCTION ending_of(c cases) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN c.ending || jsonb_build_object('object_ms', CASE WHEN c.status = 'cleared' THEN greatest(0, (extract(epoch FROM
        c.closed_at + make_interval(secs => limit_of('OBJECTION_S')) - clock_timestamp()) * 1000)::bigint) END);
END $$;

-- What an allowed act of these changes, and its entry.
CREATE FUNCTION apply_closing(INOUT c cases, INOUT facts jsonb, x jsonb, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := x ->> 'event'; v_body jsonb := '{}';
BEGIN
    IF v_event = 'met' THEN
        UPDATE assignments SET met_at = p_t WHERE case_id = c.id AND officer_id = p_officer AND active;
    ELSIF v_event = 'rated' THEN
        c.ending := coalesce(c.ending, '{}') || jsonb_build_object('stars', x -> 'stars');
        v_body := jsonb_build_object('stars', x -> 'stars');
    ELSIF v_event = 'reclassified' THEN
        c.ending := ended(c.ending, x); c.closed_at := p_t; c.disposition := x ->> 'disposition';
        v_body := jsonb_strip_nulls(jsonb_build_object('disposition', x -> 'disposition', 'reason', x -> 'reason'));
    ELSE  -- objected: everything about it is unread anew, and a supervisor is alarmed at once
        c.ending := coalesce(c.ending, '{}') || jsonb_build_object('closed_by', NULL, 'objected', true, 'barred',
            CASE WHEN c.disposition = 'hoax' THEN c.ending -> 'closed_by' ELSE c.ending -> 'barred' END);
        c.closed_at := NULL; c.disposition := NULL; c.alarms := 0; c.desk_reason := 'objected'; c.escalated_at := p_t;
        c.acknowledged_at := NULL; c.acknowledged_by := NULL; c.claimed_by := NULL; c.claimed_at := NULL;
        DELETE FROM talk_marks WHERE case_id = c.id;
        PERFORM set_deadline(c, 'ack', p_t);
        v_body := jsonb_build_object('reason', 'objected');
    END IF;
    SELECT q.* INTO r FROM say_line(c, facts, x, v_body, p_officer, p_t) q;
    c := r.c; facts := r.facts;
END $$;
