-- The watch over officers on the way. Twin of dispatch.watch.steps. Nothing here is asked where a case is claimed.

-- Why a check is not opened or answered, or null; the table and the fence have been asked. Twin of dispatch.cases.welfare.
CREATE FUNCTION judge_welfare(c cases, o officers, p_event text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE s assignments;
BEGIN
    IF o.id IS NULL THEN RETURN 'not_found'; END IF;
    SELECT * INTO s FROM assignments a WHERE a.case_id = c.id AND a.officer_id = o.id AND a.active;
    IF p_event = 'welfare_answered' THEN
        RETURN CASE WHEN s.watch IN ('asked', 'missed') THEN NULL ELSE 'not_asked' END;
    END IF;
    RETURN CASE WHEN s.id IS NULL THEN 'stale_fence' WHEN s.watch IN ('asked', 'missed') THEN 'check_open' END;
END $$;

-- Is the officer of this seat on the way, also to others who are on scene already?
CREATE FUNCTION still_comes(p_status text, p_state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_status IN ('claimed', 'en_route') OR p_status = 'on_scene' AND p_state <> 'on_scene'
$$;

-- Seats of officers on the way, the longest held first.
CREATE FUNCTION watched_seats(p_limit integer) RETURNS TABLE (
    case_id uuid, officer_id uuid, fence integer, station text, category text, lat double precision, lon double precision,
    received_us bigint, status text, step text, why text
) LANGUAGE sql STABLE AS $$
    SELECT c.id, a.officer_id, a.fence, c.station, c.category, c.lat, c.lon,
        (extract(epoch FROM c.received_at) * 1000000)::bigint, c.status, a.watch, a.watch_why
    FROM (SELECT s.* FROM assignments s WHERE s.active OFFSET 0) a, LATERAL (  -- from a seat to its case, as due_waves does
        SELECT k.* FROM cases k WHERE k.id = a.case_id OFFSET 0) c
    WHERE still_comes(c.status, a.state) ORDER BY a.id LIMIT p_limit
$$;

-- Seats whose step's time is up.
CREATE FUNCTION due_seats(p_limit integer) RETURNS TABLE (
    case_id uuid, officer_id uuid, fence integer, station text, category text, lat double precision, lon double precision,
    received_us bigint, status text, step text, why text
) LANGUAGE plpgsql STABLE AS $$
DECLARE t timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY SELECT c.id, a.officer_id, a.fence, c.station, c.category, c.lat, c.lon,
        (extract(epoch FROM c.received_at) * 1000000)::bigint, c.status, a.watch, a.watch_why
        FROM deadlines d, LATERAL (SELECT k.* FROM cases k WHERE k.id = d.case_id OFFSET 0) c, LATERAL (
            SELECT s.* FROM assignments s WHERE s.case_id = c.id AND s.active OFFSET 0) a
        WHERE d.kind COLLATE "C" = 'welfare' AND d.due_at <= t AND a.watch_due <= t ORDER BY d.due_at LIMIT p_limit;
END $$;

-- When a step that begins at p_t is over; null: it waits for the officer.
CREATE FUNCTION step_due(c cases, p_step text, p_t timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE v_own integer := (SELECT patience_ms FROM categories WHERE id = c.category);
BEGIN
    RETURN p_t + make_interval(secs => CASE p_step
        WHEN 'nudged' THEN coalesce(v_own, limit_of('WATCH_NUDGE_MS'))
        WHEN 'alarmed' THEN coalesce(v_own, limit_of('WATCH_ALARM_MS'))
        WHEN 'asked' THEN coalesce(v_own, limit_of('WELFARE_MS')) END / 1000.0);
END $$;

-- The case's timer of the watch: the first of its seats' times, or none.
CREATE FUNCTION time_watch(c cases) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_due timestamptz := (SELECT min(watch_due) FROM assignments WHERE case_id = c.id AND active);
BEGIN
    IF v_due IS NULL THEN
        DELETE FROM deadlines WHERE case_id = c.id AND kind = 'welfare';
    ELSE
        PERFORM set_deadline(c, 'welfare', v_due);
    END IF;
END $$;

-- The seat at a step (null: nothing is noticed any more), and its entry.
CREATE FUNCTION put_step(
    INOUT c cases, INOUT facts jsonb, p_officer uuid, p_event text, p_step text, p_why text, p_actor text, p_body jsonb,
    p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    UPDATE assignments SET watch = p_step, watch_why = CASE WHEN p_step IS NOT NULL THEN p_why END,
        watch_due = step_due(c, p_step, p_t),
        watch_after = CASE WHEN p_event = 'welfare_answered'
            THEN p_t + make_interval(secs => limit_of('WATCH_REST_MS') / 1000.0) ELSE watch_after END
    WHERE case_id = c.id AND officer_id = p_officer AND active;
    SELECT q.* INTO r FROM append(c, facts, p_event, p_actor, p_officer, p_body, p_t) q;
    c := r.c; facts := r.facts;
    PERFORM time_watch(c);
END $$;

-- A desk opens a check, or the officer answers one. The guards have been asked.
CREATE FUNCTION apply_welfare(INOUT c cases, INOUT facts jsonb, x jsonb, p_actor text, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_asks boolean := x ->> 'event' = 'welfare_asked';
BEGIN
    SELECT q.* INTO r FROM put_step(c, facts, p_officer, x ->> 'event', CASE WHEN v_asks THEN 'asked' END, 'desk', p_actor,
        jsonb_strip_nulls(jsonb_build_object('why', CASE WHEN v_asks THEN 'desk' END, 'reason', x -> 'reason')), p_t) q;
    c := r.c; facts := r.facts;
END $$;

-- What follows when a step's time is up: the event, or null (not now).
CREATE FUNCTION step_after(c cases, s assignments) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN c.status IN ('claimed', 'en_route') THEN CASE s.watch
            WHEN 'nudged' THEN 'watch_alarmed' WHEN 'alarmed' THEN 'welfare_asked' WHEN 'asked' THEN 'silent' END
        WHEN s.watch = 'asked' THEN 'welfare_missed'
        WHEN still_comes(c.status, s.state) THEN CASE s.watch
            WHEN 'nudged' THEN 'watch_alarmed' WHEN 'alarmed' THEN 'welfare_asked' END END
$$;

-- A step whose time is up. On the way an unanswered check ends the seat; elsewhere, and once somebody is on scene, it only
-- tells the desk.
CREATE FUNCTION fire_step(
    INOUT c cases, INOUT facts jsonb, INOUT asked uuid[], s assignments, x jsonb, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := step_after(c, s); v_body jsonb := jsonb_build_object('why', s.watch_why);
BEGIN
    IF v_event IS NULL THEN  -- the case is elsewhere for now: look again later
        UPDATE assignments SET watch_due = step_due(c, s.watch, p_t) WHERE id = s.id;
        PERFORM time_watch(c);
        RETURN;
    END IF;
    IF v_event = 'silent' THEN
        SELECT q.* INTO r FROM leave_case(c, facts, asked, x, v_event, 'service', s.officer_id, v_body, p_t) q;
        asked := r.asked;
        PERFORM time_watch(r.c);
    ELSE
        asked := '{}';
        SELECT q.* INTO r FROM put_step(c, facts, s.officer_id, v_event, CASE v_event WHEN 'watch_alarmed' THEN 'alarmed'
            WHEN 'welfare_asked' THEN 'asked' ELSE 'missed' END, s.watch_why, 'service', v_body, p_t) q;
    END IF;
    c := r.c; facts := r.facts;
END $$;

-- One step over one seat: x.what is raise, ease or due. Nothing where the seat is gone, the step was taken or not due.
CREATE FUNCTION watch_seat(x jsonb) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE c cases; s assignments; r record; t timestamptz; a answer; v_asked uuid[] := '{}';
    v_case uuid := (x ->> 'case')::uuid; v_officer uuid := (x ->> 'officer')::uuid; v_moves boolean;
BEGIN
    PERFORM 1 FROM officers WHERE id = v_officer FOR NO KEY UPDATE;
    SELECT * INTO c FROM cases WHERE id = v_case FOR NO KEY UPDATE;
    PERFORM 1 FROM streams WHERE stream = c.station FOR NO KEY UPDATE;
    t := clock_timestamp();
    SELECT * INTO s FROM assignments
    WHERE case_id = v_case AND officer_id = v_officer AND fence = (x ->> 'fence')::integer AND active;
    IF s.id IS NULL THEN RETURN; END IF;
    v_moves := still_comes(c.status, s.state);
    IF x ->> 'what' = 'due' THEN
        IF s.watch_due IS NULL OR t < s.watch_due THEN RETURN; END IF;
        IF s.watch = 'asked' AND c.status IN ('claimed', 'en_route') THEN
            v_asked := eligible_for(c, x, c.handed_back || v_officer, t);
        END IF;
        SELECT q.* INTO r FROM fire_step(c, '[]'::jsonb, v_asked, s, x, t) q; v_asked := r.asked;
    ELSIF x ->> 'what' = 'raise' AND v_moves AND s.watch IS NULL AND t >= coalesce(s.watch_after, t) THEN
        SELECT q.* INTO r FROM put_step(c, '[]'::jsonb, v_officer, 'nudged', 'nudged', x ->> 'why', 'service',
            jsonb_build_object('why', x -> 'why'), t) q;
    ELSIF x ->> 'what' = 'ease' AND v_moves AND s.watch IN ('nudged', 'alarmed', 'asked') AND s.watch_why <> 'desk' THEN
        SELECT q.* INTO r FROM put_step(c, '[]'::jsonb, v_officer, 'watch_eased', NULL, NULL, 'service', '{}', t) q;
    ELSE
        RETURN;
    END IF;
    c := r.c;
    IF r.facts = '[]' THEN RETURN; END IF;
    PERFORM save(c);
    a := (0, true, NULL, NULL, r.facts, state_of(c), v_asked);
    RETURN NEXT a;
END $$;
