-- Every other act on a case, one a call. Element: case, event, actor (kind), actor_id, officer, station, fence, round,
-- scope, key, hash, disposition, reason, words and salt (hex) of a line, upto of a reading, word, stars, candidates [uuid], ring_m,
-- wave, last_wave.

-- Ends the active assignments of a case, or one officer's: whose they were. The watch goes on over the seats that are left.
CREATE FUNCTION end_assignments(p_case uuid, p_officer uuid, p_by text, p_t timestamptz) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE v_ended uuid[]; v_due timestamptz;
BEGIN
    WITH ended AS (
        UPDATE assignments SET active = false, ended_at = p_t, ended_by = p_by, state = p_by
        WHERE case_id = p_case AND active AND (p_officer IS NULL OR officer_id = p_officer)
        RETURNING officer_id), freed AS (
        UPDATE officers SET held = held - 1 WHERE id = ANY (ARRAY(SELECT officer_id FROM ended)))
    SELECT coalesce(array_agg(officer_id), '{}') INTO v_ended FROM ended;
    v_due := (SELECT min(watch_due) FROM assignments WHERE case_id = p_case AND active);
    IF v_due IS NULL THEN
        DELETE FROM deadlines WHERE case_id = p_case AND kind = 'welfare';
    ELSE
        UPDATE deadlines SET due_at = v_due WHERE case_id = p_case AND kind = 'welfare';
    END IF;
    RETURN v_ended;
END $$;

-- Who has been on the case longest of those who are; null: nobody is.
CREATE FUNCTION first_holder(p_case uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT h.officer_id FROM (  -- fenced: by the order of all seats ever given it might be found too
        SELECT a.id, a.officer_id FROM assignments a WHERE a.case_id = p_case AND a.active OFFSET 0) h ORDER BY h.id LIMIT 1);
END $$;

-- The next round: another deadline, nobody has declined, older fences are stale.
CREATE FUNCTION new_round(INOUT c cases, p_t timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    c.round := c.round + 1; c.fence := c.fence + 1; c.declined := '{}';
    c.claimed_by := first_holder(c.id);
    c.claimed_at := CASE WHEN c.claimed_by IS NULL THEN NULL ELSE c.claimed_at END;
    c.offer_deadline := p_t + make_interval(secs => coalesce(
        (SELECT window_ms FROM categories WHERE id = c.category), limit_of('OFFER_WINDOW_MS')) / 1000.0);
END $$;

-- An officer gives the case back: a new round for the others, or the desk.
CREATE FUNCTION hand_back(
    INOUT c cases, INOUT facts jsonb, INOUT asked uuid[], x jsonb, p_actor text, p_officer uuid, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := resolved_event(c, 'handed_back', asked, p_officer); v_released uuid[];
BEGIN
    IF v_event = 'seat_handed_back' THEN
        asked := '{}';
        SELECT q.* INTO r FROM hand_seat_back(c, facts, x, p_actor, p_officer, p_t) q; c := r.c; facts := r.facts; RETURN;
    END IF;
    v_released := end_assignments(c.id, p_officer, 'handed_back', p_t);
    IF NOT p_officer = ANY (c.handed_back) THEN c.handed_back := c.handed_back || p_officer; END IF;
    c.acknowledged_at := NULL; c.acknowledged_by := NULL;
    IF v_event = 'handed_to_desk' THEN
        c.fence := c.fence + 1; asked := '{}';
        c.claimed_by := first_holder(c.id);
        SELECT q.* INTO r FROM append(c, facts, v_event, p_actor, p_officer,
            jsonb_strip_nulls(jsonb_build_object('reason', x -> 'reason', 'released', to_jsonb(v_released))), p_t) q;
        c := queued(r.c, 'handed_back', p_t); facts := r.facts;
        RETURN;
    END IF;
    SELECT q.* INTO r FROM open_round(c, facts, v_event, p_actor, p_officer, asked, x, p_t, v_released) q;
    c := r.c; facts := r.facts;
END $$;

-- "Not now."
CREATE FUNCTION decline(INOUT c cases, INOUT facts jsonb, x jsonb, p_actor text, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    c.declined := c.declined || p_officer;
    SELECT q.* INTO r FROM append(c, facts, 'declined', p_actor, p_officer,
        jsonb_build_object('round', c.round, 'reason', x -> 'reason'), p_t) q;
    c := r.c; facts := r.facts;
    SELECT q.* INTO r FROM go_on(c, facts, p_t) q; c := r.c; facts := r.facts;
END $$;

-- What an allowed act changes, and its entry.
CREATE FUNCTION apply_act(INOUT c cases, INOUT facts jsonb, INOUT asked uuid[], x jsonb, o officers, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_released uuid[]; v_event text := x ->> 'event'; v_actor text := concat_ws(':', x ->> 'actor', x ->> 'actor_id');
    v_how jsonb := '{}';
BEGIN
    IF v_event IN ('set_out', 'arrived') THEN
        UPDATE assignments SET state = CASE v_event WHEN 'set_out' THEN 'en_route' ELSE 'on_scene' END,
            en_route_at = CASE v_event WHEN 'set_out' THEN p_t ELSE en_route_at END,
            on_scene_at = CASE v_event WHEN 'arrived' THEN p_t ELSE on_scene_at END,
            watch = NULL, watch_due = NULL  -- a sign of life
        WHERE case_id = c.id AND officer_id = o.id AND active;
        PERFORM time_watch(c);
        IF v_event = 'arrived' THEN PERFORM set_check_in(c, p_t); END IF;
    ELSIF v_event = 'checked_in' THEN
        PERFORM check_in(c, o.id, p_t);
    ELSIF v_event = 'declined' THEN
        SELECT q.* INTO r FROM decline(c, facts, x, v_actor, o.id, p_t) q; c := r.c; facts := r.facts; RETURN;
    ELSIF v_event = 'said' THEN
        SELECT q.* INTO r FROM say_line(c, facts, x, '{}', o.id, p_t) q; c := r.c; facts := r.facts; RETURN;
    ELSIF v_event IN ('met', 'objected', 'rated', 'reclassified') THEN
        SELECT q.* INTO r FROM apply_closing(c, facts, x, o.id, p_t) q; c := r.c; facts := r.facts; RETURN;
    ELSIF v_event IN ('absorbed', 'split', 'unmerged') THEN
        RAISE EXCEPTION '% concerns several cases: group_cases', v_event;
    ELSIF v_event = 'read' THEN
        facts := mark_read(c, facts, x, p_t); RETURN;
    ELSIF v_event = 'handed_back' THEN
        SELECT q.* INTO r FROM hand_back(c, facts, asked, x, v_actor, o.id, p_t) q;
        c := r.c; facts := r.facts; asked := r.asked; RETURN;
    ELSIF v_event IN ('welfare_asked', 'welfare_answered') THEN
        SELECT q.* INTO r FROM apply_welfare(c, facts, x, v_actor, o.id, p_t) q; c := r.c; facts := r.facts; RETURN;
    ELSIF v_event = 'transferred' THEN
        SELECT q.* INTO r FROM transfer(c, facts, v_actor, o.id, p_t) q; c := r.c; facts := r.facts; RETURN;
    ELSIF v_event IN ('cleared', 'withdrawn') THEN
        v_released := end_assignments(c.id, NULL, v_event, p_t);
        c.fence := c.fence + 1; c.closed_at := p_t; c.disposition := x ->> 'disposition';
        c.ending := ended(c.ending, x);
        c.desk := unheld(c.desk, false);
        v_how := jsonb_strip_nulls(jsonb_build_object('referred_to', x -> 'referred_to', 'manner', x -> 'manner'));
        IF v_how <> '{}' THEN c.desk := coalesce(c.desk, '{}') || v_how; END IF;
        DELETE FROM deadlines WHERE case_id = c.id;
    ELSIF v_event = 'acknowledged' THEN
        c.acknowledged_at := p_t; c.acknowledged_by := (x ->> 'actor_id')::uuid;
        PERFORM seen_by_desk(c);
    ELSIF v_event IN ('taken_by_desk', 'officer_added', 'officer_taken_back', 'reoffered', 'second_asked', 'put_on_hold',
        'handed_over', 'appointment_offered', 'appointment_accepted', 'appointment_declined') THEN
        SELECT q.* INTO r FROM apply_desk_act(c, facts, asked, x, o.id, v_actor, p_t) q;
        c := r.c; facts := r.facts; RETURN;
    ELSIF v_event IN ('assigned', 'reassigned') THEN
        IF v_event = 'reassigned' THEN
            v_released := end_assignments(c.id, NULL, v_event, p_t); c.claimed_by := NULL; c.claimed_at := NULL;
        END IF;
        DELETE FROM deadlines WHERE case_id = c.id AND kind <> 'welfare';
        c.desk := unheld(c.desk, false);
        SELECT q.* INTO r FROM grant_seat(c, facts, v_event, v_actor, o.id, v_released, p_t, x -> 'reason') q;
        c := r.c; facts := r.facts; RETURN;
    END IF;
    SELECT q.* INTO r FROM append(c, facts, v_event, v_actor, o.id, jsonb_strip_nulls(jsonb_build_object(
        'reason', x -> 'reason', 'disposition', x -> 'disposition', 'advice', x -> 'advice',
        'released', to_jsonb(v_released))) || v_how, p_t) q;
    c := r.c; facts := r.facts;
END $$;

-- Judged and done, or refused; the answer is stored under the actor's key.
CREATE FUNCTION act_on_case(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE c cases; o officers; i idempotency; r record; t timestamptz; v_reason text; v_response jsonb; a answer;
    v_asked uuid[]; facts jsonb := '[]'; v_case uuid := (x ->> 'case')::uuid; v_hash bytea := decode(x ->> 'hash', 'hex');
BEGIN
    a.idx := 0; a.facts := facts;
    PERFORM 1 FROM officers WHERE id = ANY (ARRAY(  -- an array is looked up; an OR would read every officer
        SELECT (x ->> 'officer')::uuid UNION ALL SELECT officer_id FROM assignments WHERE case_id = v_case AND active))
        ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO c FROM cases WHERE id = v_case FOR NO KEY UPDATE;
    PERFORM 1 FROM streams WHERE stream IN (c.station, x ->> 'to_station') ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    SELECT * INTO i FROM idempotency WHERE scope = x ->> 'scope' AND key = x ->> 'key';
    IF i.key IS NOT NULL THEN
        IF i.request_hash <> v_hash THEN a.ok := false; a.reason := 'key_reused'; RETURN a; END IF;
        a := (0, (i.response ->> 'ok')::boolean, i.response ->> 'reason', i.response, facts, NULL, NULL);
        RETURN a;
    END IF;
    SELECT * INTO o FROM officers WHERE id = (x ->> 'officer')::uuid;
    v_asked := eligible_for(c, x, array_remove(c.handed_back || o.id, NULL), t);
    v_reason := CASE
        WHEN c.id IS NULL THEN 'not_found'
        WHEN x ->> 'actor' = 'desk' AND c.station IS DISTINCT FROM x ->> 'station' THEN 'not_yours'
        WHEN x ->> 'event' = 'handed_over' AND NOT EXISTS (SELECT FROM streams WHERE stream = x ->> 'to_station') THEN 'not_found'
        WHEN x ->> 'event' = 'handed_over' AND x ->> 'to_station' = c.station THEN 'illegal'
        ELSE judge_act(c, o, CASE x ->> 'event' WHEN 'read' THEN 'said' ELSE x ->> 'event' END, x ->> 'actor',
            (x ->> 'fence')::integer, (x ->> 'round')::integer, v_asked, t) END;  -- who may speak may say what was read
    IF v_reason IS NULL THEN v_reason := judge_more(c, o, x, t); END IF;
    IF v_reason = 'wrong_word' THEN PERFORM note_wrong_word(c.id, o.id); END IF;
    IF v_reason IS NULL THEN
        SELECT q.* INTO r FROM apply_act(c, facts, v_asked, x, o, t) q;
        c := r.c; facts := r.facts; v_asked := CASE WHEN x ->> 'event' IN ('handed_back', 'reoffered') THEN r.asked END;
        PERFORM save(c);
    END IF;
    v_response := jsonb_build_object('ok', v_reason IS NULL, 'reason', v_reason, 'case', v_case, 'status', c.status, 'fence', c.fence);
    INSERT INTO idempotency (scope, key, request_hash, response) VALUES (x ->> 'scope', x ->> 'key', v_hash, v_response);
    a := (0, v_reason IS NULL, v_reason, v_response, facts, CASE WHEN c.id IS NOT NULL THEN state_of(c) END, v_asked);
    RETURN a;
END $$;
