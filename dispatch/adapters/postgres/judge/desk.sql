-- The desk's acts. Twin of dispatch.cases.desk_acts: the same guards in the same order.

-- May this officer be put on a seat of the case? A supervisor sends anybody's, a desk its own and those lent to it.
CREATE FUNCTION judge_sent(c cases, o officers, p_actor text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF o.id IS NULL THEN RETURN 'not_found'; END IF;
    IF p_actor = 'desk' AND o.station <> c.station
        AND NOT (SELECT s.lends FROM stations s WHERE s.id = o.station) THEN RETURN 'other_station'; END IF;
    IF EXISTS (
        SELECT FROM assignments a WHERE a.case_id = c.id AND a.officer_id = o.id AND a.active
    ) THEN RETURN 'already_held'; END IF;
    IF NOT o.on_duty THEN RETURN 'off_duty'; END IF;
    IF o.held >= o.slots THEN RETURN 'no_slot'; END IF;
    RETURN NULL;
END $$;

-- How many officers are on the case.
CREATE FUNCTION seated(c cases) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT count(*)::integer FROM assignments a WHERE a.case_id = c.id AND a.active
$$;

-- Why one of the desk's acts is refused, or null; the table and the fence have been asked.
CREATE FUNCTION judge_desk(
    c cases, o officers, p_event text, p_actor text, p_recipients uuid[], p_t timestamptz
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE v_full boolean;
BEGIN
    IF p_event = 'officer_taken_back' THEN
        RETURN CASE WHEN o.id IS NULL THEN 'not_found' WHEN NOT EXISTS (
            SELECT FROM assignments a WHERE a.case_id = c.id AND a.officer_id = o.id AND a.active) THEN 'not_holder' END;
    ELSIF p_event = 'reoffered' THEN
        RETURN CASE WHEN c.round >= limit_of('ROUNDS_MAX') THEN 'rounds_spent'
            WHEN coalesce(p_recipients, '{}') = '{}' THEN 'nobody_near' END;
    ELSIF p_event = 'woken' THEN
        RETURN CASE WHEN c.desk ->> 'until_us' IS NULL OR us_of(p_t) < (c.desk ->> 'until_us')::bigint THEN 'illegal' END;
    ELSIF p_event IN ('appointment_accepted', 'appointment_declined') THEN
        RETURN CASE WHEN c.desk #>> '{appointment,answer}' IS DISTINCT FROM 'offered' THEN 'illegal' END;
    ELSIF p_event NOT IN ('officer_added', 'second_asked') THEN RETURN NULL;
    END IF;
    v_full := seated(c) >= greatest(c.seats, limit_of('SEATS_MAX'));
    IF p_event = 'officer_added' THEN
        RETURN coalesce(judge_sent(c, o, p_actor), CASE WHEN v_full THEN 'seats_full' END);
    END IF;
    RETURN CASE WHEN seated(c) < c.seats THEN 'already_asked' WHEN v_full THEN 'seats_full' END;
END $$;

-- A new round with those who may be asked: after a hand-back, or because the desk wants one.
CREATE FUNCTION open_round(
    INOUT c cases, INOUT facts jsonb, p_event text, p_actor text, p_officer uuid, p_asked uuid[], x jsonb, p_t timestamptz,
    p_released uuid[] DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    c := new_round(c, p_t); c.wave := (x ->> 'wave')::integer;
    SELECT q.* INTO r FROM append(c, facts, p_event, p_actor, p_officer, jsonb_build_object(
        'round', c.round, 'wave', c.wave, 'reason', x -> 'reason', 'asked', cardinality(p_asked),
        'deadline_us', (extract(epoch FROM c.offer_deadline) * 1000000)::bigint, 'recipients', digest_of(p_asked))
        || CASE WHEN p_released IS NULL THEN '{}' ELSE jsonb_build_object('released', to_jsonb(p_released)) END, p_t) q;
    c := r.c; facts := r.facts;
    PERFORM put_wave(c, p_asked, (x ->> 'last_wave')::boolean, pause_of(c, x), p_t);
    PERFORM set_deadline(c, 'window', c.offer_deadline);
END $$;

-- The desk takes one officer off the case, maybe for another one (`from_case`: a pull); without the last one the case is
-- the desk's.
CREATE FUNCTION take_back(INOUT c cases, INOUT facts jsonb, x jsonb, p_actor text, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := resolved_event(c, 'officer_taken_back', NULL, p_officer); v_released uuid[];
BEGIN
    v_released := end_assignments(c.id, p_officer, 'taken_back', p_t);
    c.fence := c.fence + 1;
    c.claimed_by := first_holder(c.id);
    SELECT q.* INTO r FROM append(c, facts, v_event, p_actor, p_officer,
        jsonb_strip_nulls(jsonb_build_object('reason', x -> 'reason', 'released', to_jsonb(v_released),
            'for', CASE WHEN x ->> 'from_case' IS NOT NULL THEN x -> 'case' END)), p_t) q;
    c := r.c; facts := r.facts;
    IF v_event = 'last_taken_back' THEN c := queued(c, 'taken_back', p_t); END IF;
END $$;

-- What an allowed act of the desk changes, and its entry.
CREATE FUNCTION apply_desk_act(
    INOUT c cases, INOUT facts jsonb, p_asked uuid[], x jsonb, p_officer uuid, p_actor text, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := x ->> 'event'; v_body jsonb := jsonb_build_object('reason', x -> 'reason');
BEGIN
    IF v_event = 'reoffered' THEN
        c.acknowledged_at := NULL; c.acknowledged_by := NULL; c.desk := unheld(c.desk, false);
        DELETE FROM deadlines WHERE case_id = c.id AND kind = 'ack';
        SELECT q.* INTO r FROM open_round(c, facts, v_event, p_actor, NULL, p_asked, x, p_t) q;
    ELSIF v_event = 'handed_over' THEN
        SELECT q.* INTO r FROM hand_over(c, facts, x ->> 'to_station', p_actor, 'handed_over', x -> 'reason', p_t) q;
    ELSIF v_event IN ('put_on_hold', 'appointment_offered', 'appointment_accepted', 'appointment_declined') THEN
        SELECT q.* INTO r FROM apply_queue_act(c, facts, x, p_actor, p_t) q;
    ELSIF v_event = 'officer_taken_back' THEN
        SELECT q.* INTO r FROM take_back(c, facts, x, p_actor, p_officer, p_t) q;
    ELSIF v_event = 'officer_added' THEN
        c.seats := greatest(c.seats, seated(c) + 1);
        SELECT q.* INTO r FROM grant_seat(c, facts, v_event, p_actor, p_officer, NULL, p_t, x -> 'reason') q;
    ELSE
        IF v_event = 'taken_by_desk' THEN
            c.acknowledged_at := coalesce(c.acknowledged_at, p_t); c.acknowledged_by := (x ->> 'actor_id')::uuid;
            c.desk := coalesce(unheld(c.desk, false), '{}') || jsonb_build_object('owner', x -> 'actor_id');
            DELETE FROM deadlines WHERE case_id = c.id AND kind = 'ack';
        ELSIF v_event = 'second_asked' THEN
            c.seats := c.seats + 1; v_body := v_body || jsonb_build_object('seats', c.seats);
        END IF;
        SELECT q.* INTO r FROM append(c, facts, v_event, p_actor, p_officer, jsonb_strip_nulls(v_body), p_t) q;
    END IF;
    c := r.c; facts := r.facts;
END $$;
