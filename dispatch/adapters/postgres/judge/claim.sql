-- Claims that arrived together, judged together: one call, one commit, each its own answer.
-- Each element: idx (order of arrival), case, officer, round, key, hash (hex).

-- A seat of the case and a slot of the officer, under a fence of their own. The guards have been asked.
CREATE FUNCTION grant_seat(
    INOUT c cases, INOUT facts jsonb, p_event text, p_actor text, p_officer uuid, p_released uuid[], p_t timestamptz,
    p_reason jsonb DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE r record; v_seat integer; v_slot integer;
BEGIN
    SELECT min(s) INTO v_seat FROM generate_series(1, c.seats) s
        WHERE NOT EXISTS (SELECT FROM assignments a WHERE a.case_id = c.id AND a.seat = s AND a.active);
    SELECT min(s) INTO v_slot FROM officers o, generate_series(1, o.slots) s
        WHERE o.id = p_officer AND NOT EXISTS (
            SELECT FROM assignments a WHERE a.officer_id = o.id AND a.slot = s AND a.active);
    c.fence := c.fence + 1;
    c.claimed_by := coalesce(c.claimed_by, p_officer); c.claimed_at := coalesce(c.claimed_at, p_t);
    INSERT INTO assignments (case_id, officer_id, seat, slot, round, fence, claimed_at)
    VALUES (c.id, p_officer, v_seat, v_slot, c.round, c.fence, p_t);
    UPDATE officers SET held = held + 1 WHERE id = p_officer;
    SELECT a.* INTO r FROM append(c, facts, p_event, p_actor, p_officer,
        jsonb_strip_nulls(jsonb_build_object('seat', v_seat, 'fence', c.fence, 'round', c.round,
            'released', to_jsonb(p_released), 'reason', p_reason)), p_t) a;
    c := r.c; facts := r.facts;
END $$;

-- One claim, won or refused, its answer stored under the officer's key. All rows are locked.
CREATE FUNCTION claim_one(x jsonb, p_t timestamptz) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE c cases; o officers; i idempotency; r record; facts jsonb := '[]'; v_reason text; v_response jsonb; a answer;
    v_scope text := 'officer:' || (x ->> 'officer'); v_hash bytea := decode(x ->> 'hash', 'hex'); v_held integer;
BEGIN
    a.idx := (x ->> 'idx')::integer; a.facts := facts;
    SELECT * INTO i FROM idempotency WHERE scope = v_scope AND key = x ->> 'key';
    IF i.key IS NOT NULL THEN
        a.ok := i.request_hash = v_hash AND (i.response ->> 'won')::boolean;
        a.reason := CASE WHEN i.request_hash = v_hash THEN i.response ->> 'reason' ELSE 'key_reused' END;
        a.response := CASE WHEN i.request_hash = v_hash THEN i.response END;
        RETURN a;
    END IF;
    SELECT * INTO o FROM officers WHERE id = (x ->> 'officer')::uuid;
    SELECT * INTO c FROM cases WHERE id = (x ->> 'case')::uuid;
    v_reason := CASE WHEN c.id IS NULL OR o.id IS NULL THEN 'not_found'
                     ELSE judge_claim(c, o, (x ->> 'round')::integer, p_t) END;
    IF v_reason IS NULL THEN
        SELECT count(*) INTO v_held FROM assignments WHERE case_id = c.id AND active;
        SELECT g.* INTO r FROM grant_seat(
            c, facts, CASE WHEN v_held + 1 >= c.seats THEN 'claimed' ELSE 'seat_filled' END, 'officer:' || o.id, o.id, NULL, p_t) g;
        c := r.c; facts := r.facts;
        PERFORM save(c);
        v_response := jsonb_build_object('won', true, 'case', c.id, 'fence', c.fence, 'round', c.round);
    ELSE
        v_response := jsonb_build_object('won', false, 'case', x ->> 'case', 'reason', v_reason, 'round', x -> 'round');
    END IF;
    INSERT INTO idempotency (scope, key, request_hash, response) VALUES (v_scope, x ->> 'key', v_hash, v_response);
    a := (a.idx, v_reason IS NULL, v_reason, v_response, facts, CASE WHEN v_reason IS NULL THEN state_of(c) END, NULL);
    RETURN a;
END $$;

-- All that arrived together, in the order of arrival, at one time.
CREATE FUNCTION claim_cases(p jsonb) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE x jsonb; t timestamptz;
    v_officers uuid[] := ARRAY(SELECT (e ->> 'officer')::uuid FROM jsonb_array_elements(p) e);
    v_cases uuid[] := ARRAY(SELECT (e ->> 'case')::uuid FROM jsonb_array_elements(p) e);
BEGIN
    IF cardinality(v_cases) > 1 THEN  -- a row held elsewhere must not keep the neighbours waiting: they are asked again alone
        PERFORM set_config('lock_timeout', limit_of('BATCH_LOCK_MS')::text, true);
    END IF;
    PERFORM 1 FROM officers WHERE id = ANY (v_officers) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM cases WHERE id = ANY (v_cases) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM streams WHERE stream IN (SELECT c.station FROM cases c WHERE c.id = ANY (v_cases))
        ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();  -- after the locks: a claim that waited past the deadline is late
    FOR x IN SELECT e FROM jsonb_array_elements(p) e ORDER BY (e ->> 'idx')::integer LOOP
        RETURN NEXT claim_one(x, t);
    END LOOP;
END $$;
