-- Pre-emption: the desk pulls an officer from a case to one of higher priority. Twin of dispatch.cases.pulling.

-- Why the officer may not be pulled from `h` to `w`, or null. Guards in the order of `judge_pull` there.
CREATE FUNCTION judge_pull(h cases, w cases, o officers) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF h.id IS NULL OR w.id IS NULL OR o.id IS NULL THEN RETURN 'not_found'; END IF;
    IF 'merged' IN (h.status, w.status) THEN RETURN 'merged'; END IF;
    IF h.status IN ('cleared', 'withdrawn') OR w.status IN ('cleared', 'withdrawn') THEN RETURN 'closed'; END IF;
    IF NOT EXISTS (
        SELECT FROM assignments a WHERE a.case_id = h.id AND a.officer_id = o.id AND a.active
    ) THEN RETURN 'stale_fence'; END IF;
    IF EXISTS (
        SELECT FROM assignments a WHERE a.case_id = h.id AND a.officer_id = o.id AND a.active AND a.state = 'on_scene'
    ) THEN RETURN 'on_scene'; END IF;
    IF NOT EXISTS (SELECT FROM legal l WHERE l.status = h.status AND l.event = leaves_by(h, o.id)) OR NOT EXISTS (
        SELECT FROM legal l WHERE l.status = w.status AND l.event = 'assigned') THEN RETURN 'illegal'; END IF;
    IF EXISTS (
        SELECT FROM assignments a WHERE a.case_id = w.id AND a.officer_id = o.id AND a.active
    ) THEN RETURN 'already_held'; END IF;
    IF (SELECT priority FROM categories WHERE id = w.category) >= (SELECT priority FROM categories WHERE id = h.category)
        THEN RETURN 'not_higher'; END IF;
    IF EXISTS (
        SELECT FROM assignments a WHERE a.officer_id = o.id AND a.active AND a.watch IN ('asked', 'missed')
    ) THEN RETURN 'check_open'; END IF;
    IF NOT o.on_duty THEN RETURN 'off_duty'; END IF;
    RETURN NULL;
END $$;

-- How the officer leaves: once somebody has been on scene as whoever the desk takes back.
CREATE FUNCTION leaves_by(h cases, p_officer uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN h.status = 'on_scene' THEN resolved_event(h, 'officer_taken_back', NULL, p_officer) ELSE 'preempted' END
$$;

-- The case that the officer leaves: a new round for the others, its age kept; the desk where nobody else is near. Where
-- others are on scene they go on.
CREATE FUNCTION release_for_pull(
    INOUT c cases, INOUT facts jsonb, INOUT asked uuid[], x jsonb, p_actor text, p_officer uuid, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    IF c.status = 'on_scene' THEN
        asked := '{}';
        SELECT q.* INTO r FROM take_back(c, facts, x, p_actor, p_officer, p_t) q; c := r.c; facts := r.facts; RETURN;
    END IF;
    SELECT q.* INTO r FROM leave_case(c, facts, asked, x, 'preempted', p_actor, p_officer,
        jsonb_strip_nulls(jsonb_build_object('for', x -> 'case', 'reason', x -> 'reason')), p_t) q;
    c := r.c; facts := r.facts; asked := r.asked;
END $$;

-- Both cases in one commit, or neither. x: as of an act, `case` being the one that needs the officer and `from_case` the one
-- that the officer leaves. Answers: of the wanted case first.
CREATE FUNCTION pull_officer(x jsonb) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE h cases; w cases; o officers; i idempotency; r record; t timestamptz; v_reason text; v_response jsonb; a answer;
    b answer; v_asked uuid[]; v_ids uuid[] := ARRAY[(x ->> 'case')::uuid, (x ->> 'from_case')::uuid];
    v_actor text := concat_ws(':', x ->> 'actor', x ->> 'actor_id'); v_hash bytea := decode(x ->> 'hash', 'hex');
BEGIN
    a.idx := 0; a.facts := '[]';
    PERFORM 1 FROM officers WHERE id = (x ->> 'officer')::uuid FOR NO KEY UPDATE;
    PERFORM 1 FROM cases WHERE id = ANY (v_ids) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM streams WHERE stream IN (SELECT station FROM cases WHERE id = ANY (v_ids)) ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    SELECT * INTO i FROM idempotency WHERE scope = x ->> 'scope' AND key = x ->> 'key';
    IF i.key IS NOT NULL THEN
        IF i.request_hash <> v_hash THEN a.ok := false; a.reason := 'key_reused'; RETURN NEXT a; RETURN; END IF;
        a := (0, (i.response ->> 'ok')::boolean, i.response ->> 'reason', i.response, '[]'::jsonb, NULL, NULL);
        RETURN NEXT a; RETURN;
    END IF;
    SELECT * INTO w FROM cases WHERE id = v_ids[1];
    SELECT * INTO h FROM cases WHERE id = v_ids[2];
    SELECT * INTO o FROM officers WHERE id = (x ->> 'officer')::uuid;
    v_reason := CASE WHEN w.id IS NOT NULL AND h.id IS NOT NULL AND x ->> 'actor' = 'desk'
            AND (w.station IS DISTINCT FROM x ->> 'station' OR h.station IS DISTINCT FROM x ->> 'station') THEN 'not_yours'
        ELSE judge_pull(h, w, o) END;
    IF v_reason IS NULL THEN
        v_asked := eligible_for(h, x, h.handed_back || o.id, t);
        SELECT q.* INTO r FROM release_for_pull(h, '[]'::jsonb, v_asked, x, v_actor, o.id, t) q;
        h := r.c; PERFORM save(h);
        b := (0, true, NULL, NULL, r.facts, NULL, r.asked);
        DELETE FROM deadlines WHERE case_id = w.id AND kind <> 'welfare';
        w.desk := unheld(w.desk, false);
        SELECT q.* INTO r FROM grant_seat(w, '[]'::jsonb, 'assigned', v_actor, o.id, NULL, t, x -> 'reason') q;
        w := r.c; PERFORM save(w);
        a.facts := r.facts; b.state := state_of(h);
    END IF;
    v_response := jsonb_build_object('ok', v_reason IS NULL, 'reason', v_reason, 'case', v_ids[1], 'status', w.status, 'fence', w.fence);
    INSERT INTO idempotency (scope, key, request_hash, response) VALUES (x ->> 'scope', x ->> 'key', v_hash, v_response);
    a := (0, v_reason IS NULL, v_reason, v_response, a.facts, CASE WHEN w.id IS NOT NULL THEN state_of(w) END, NULL);
    RETURN NEXT a;
    IF v_reason IS NULL THEN RETURN NEXT b; END IF;
END $$;
