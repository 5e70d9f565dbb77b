-- Claims that arrived together, judged together: one call, one commit, each its own answer. A column each, in the order
-- of arrival: what they get is what they would get one after another.

-- How many hold a seat of the case.
CREATE FUNCTION seats_held(p_case uuid) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) FROM assignments WHERE case_id = p_case AND active);
END $$;
-- Its first free seat; null where none is free.
CREATE FUNCTION free_seat(p_case uuid, p_seats integer) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT min(s) FROM generate_series(1, p_seats) s
        WHERE NOT EXISTS (SELECT FROM assignments a WHERE a.case_id = p_case AND a.seat = s AND a.active));
END $$;
-- An officer's first free slot; null where none is free.
CREATE FUNCTION free_slot(p_officer uuid, p_slots integer) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT min(s) FROM generate_series(1, p_slots) s
        WHERE NOT EXISTS (SELECT FROM assignments a WHERE a.officer_id = p_officer AND a.slot = s AND a.active));
END $$;

-- A seat of the case and a slot of the officer, under a fence of their own. The guards have been asked.
CREATE FUNCTION grant_seat(
    INOUT c cases, INOUT facts jsonb, p_event text, p_actor text, p_officer uuid, p_released uuid[], p_t timestamptz,
    p_reason jsonb DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE r record; v_seat integer; v_slot integer;
BEGIN
    v_seat := free_seat(c.id, c.seats);
    v_slot := (SELECT free_slot(o.id, o.slots) FROM officers o WHERE o.id = p_officer);
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

-- Each claim as the rows stand now: the answer that its key has already, or why it is refused; neither: it is granted.
CREATE FUNCTION judged_claims(
    p_case uuid[], p_officer uuid[], p_round integer[], p_key text[], p_hash bytea[], p_t timestamptz
) RETURNS TABLE (
    nr bigint, case_id uuid, officer_id uuid, round integer, key text, hash bytea, c cases, o officers, kept bytea,
    response jsonb, reason text
) LANGUAGE sql STABLE AS $$
    SELECT x.nr, x.case_id, x.officer_id, x.round, x.key, x.hash, c.row, o.row, i.request_hash, i.response,
        CASE WHEN i.request_hash IS NOT NULL THEN NULL
             WHEN (c.row).id IS NULL OR (o.row).id IS NULL THEN 'not_found'
             ELSE judge_claim(c.row, o.row, x.round, p_t) END
    FROM unnest(p_case, p_officer, p_round, p_key, p_hash) WITH ORDINALITY x (case_id, officer_id, round, key, hash, nr)
    -- LIMIT: looked up row by row. A join planned while a table is empty reads all of it when it is full.
    LEFT JOIN LATERAL (SELECT request_hash, response FROM idempotency
        WHERE scope = 'officer:' || x.officer_id AND key = x.key LIMIT 1) i ON true
    LEFT JOIN LATERAL (SELECT o AS row FROM officers o WHERE o.id = x.officer_id LIMIT 1) o ON true
    LEFT JOIN LATERAL (SELECT c AS row FROM cases c WHERE c.id = x.case_id LIMIT 1) c ON true
$$;

-- How many of them, from the first on, no other one of them could change: up to a claim for a case or of an officer that
-- one before it is granted, or with a key that one before it has.
CREATE FUNCTION apart(
    p_case uuid[], p_officer uuid[], p_round integer[], p_key text[], p_hash bytea[], p_t timestamptz
) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF (SELECT count(DISTINCT x.c) = count(*) AND count(DISTINCT x.o) = count(*) FROM unnest(p_case, p_officer) x (c, o)) THEN
        RETURN cardinality(p_case);  -- nearly always, and for nothing
    END IF;
    RETURN (SELECT coalesce(min(j.nr) - 1, cardinality(p_case)) FROM (
        SELECT nr, nr > least(min(nr) FILTER (WHERE granted) OVER (PARTITION BY case_id),
            min(nr) FILTER (WHERE granted) OVER (PARTITION BY officer_id),
            min(nr) OVER (PARTITION BY officer_id, key)) AS changed
        FROM (SELECT q.*, q.kept IS NULL AND q.reason IS NULL AS granted
              FROM judged_claims(p_case, p_officer, p_round, p_key, p_hash, p_t) q) g) j
        WHERE j.changed);
END $$;

-- Claims that do not change each other, all steps for all of them at once. All rows are locked.
-- `event` null: refused, or an answer that was given before (`response`).
CREATE FUNCTION claim_apart(
    p_case uuid[], p_officer uuid[], p_round integer[], p_key text[], p_hash bytea[], p_before integer, p_t timestamptz
) RETURNS TABLE (
    idx integer, ok boolean, reason text, response jsonb, event text, stream text, stream_offset bigint, seq integer,
    at_us bigint, seat integer, fence integer, state jsonb
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE v_us bigint := (extract(epoch FROM p_t) * 1000000)::bigint;
BEGIN
    RETURN QUERY WITH judged AS MATERIALIZED (
        SELECT * FROM judged_claims(p_case, p_officer, p_round, p_key, p_hash, p_t)
    ), granted AS MATERIALIZED (
        SELECT g.*, CASE WHEN held + 1 >= seats THEN 'claimed' ELSE 'seat_filled' END AS event,
            row_number() OVER (PARTITION BY station ORDER BY nr) AS turn, 'officer:' || officer_id AS actor,
            CASE WHEN held = 0 THEN 1 ELSE free_seat(case_id, seats) END AS seat,
            CASE WHEN in_use = 0 THEN 1 ELSE free_slot(officer_id, slots) END AS slot
        FROM (
            SELECT nr, case_id, officer_id, (c).station, (c).status, (c).seats, (c).round, (c).fence + 1 AS fence,
                (c).seq + 1 AS seq, (c).head, (o).call_sign, (o).surname, (o).held AS in_use, (o).slots,
                CASE WHEN (c).claimed_by IS NULL THEN 0 ELSE seats_held(case_id) END AS held
            FROM judged j WHERE kept IS NULL AND reason IS NULL) g
    ), kept AS (
        INSERT INTO idempotency (scope, key, request_hash, response)
        SELECT 'officer:' || j.officer_id, j.key, j.hash, CASE WHEN g.nr IS NULL
            THEN jsonb_build_object('won', false, 'case', j.case_id, 'reason', j.reason, 'round', j.round)
            ELSE jsonb_build_object('won', true, 'case', j.case_id, 'fence', g.fence, 'round', g.round) END
        FROM judged j LEFT JOIN granted g USING (nr) WHERE j.kept IS NULL
    ), bumped AS (
        UPDATE streams s SET next_offset = next_offset + n.entries
        FROM (SELECT station, count(*) AS entries FROM granted GROUP BY station) n
        WHERE s.stream = n.station AND s.stream = ANY (ARRAY(SELECT station FROM granted))
        RETURNING s.stream, s.next_offset - n.entries AS base
    ), told AS MATERIALIZED (
        SELECT g.*, b.base + g.turn AS top, t.body,
            entry_hash(g.head, g.case_id, g.seq, g.event, g.actor, g.officer_id, v_us, t.body) AS next_head
        FROM granted g JOIN bumped b ON b.stream = g.station
        CROSS JOIN LATERAL (SELECT jsonb_build_object('seat', g.seat, 'fence', g.fence, 'round', g.round) AS body) t
    ), entered AS (
        INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, officer, at, body, hash)
        SELECT station, top, case_id, seq, event, actor, officer_id, p_t, body, next_head FROM told
    ), seated AS (
        INSERT INTO assignments AS a (case_id, officer_id, seat, slot, round, fence, claimed_at)
        SELECT case_id, officer_id, seat, slot, round, fence, p_t FROM told ORDER BY nr RETURNING a
    ), busy AS (
        UPDATE officers o SET held = o.held + 1 FROM told
        WHERE o.id = told.officer_id AND o.id = ANY (p_officer)  -- the arrays: see judged_claims
    ), saved AS (
        UPDATE cases k SET fence = t.fence, seq = t.seq, head = t.next_head,
            status = (SELECT next_status FROM legal l WHERE l.status = t.status AND l.event = t.event),
            claimed_by = coalesce(claimed_by, t.officer_id), claimed_at = coalesce(claimed_at, p_t)
        FROM told t WHERE k.id = t.case_id AND k.id = ANY (p_case) RETURNING k
    )
    SELECT (j.nr - 1)::integer + p_before, CASE WHEN j.kept IS NULL THEN j.reason IS NULL
            ELSE j.kept = j.hash AND (j.response ->> 'won')::boolean END,
        CASE WHEN j.kept IS NULL THEN j.reason WHEN j.kept = j.hash THEN j.response ->> 'reason' ELSE 'key_reused' END,
        CASE WHEN j.kept = j.hash THEN j.response END, t.event, t.station, t.top, t.seq, CASE WHEN t.nr IS NOT NULL THEN v_us END,
        t.seat, t.fence, CASE WHEN t.nr IS NOT NULL THEN state_with(s.k,
            CASE WHEN t.held = 0 THEN '[]' ELSE holders_of(t.case_id) END || holder_json(a.a, t.call_sign, t.surname)) END
    FROM judged j LEFT JOIN (told t JOIN seated a ON (a.a).case_id = t.case_id JOIN saved s ON (s.k).id = t.case_id)
        ON t.nr = j.nr;
END $$;

-- All that arrived together, in the order of arrival, at one time.
CREATE FUNCTION claim_cases(p_case uuid[], p_officer uuid[], p_round integer[], p_key text[], p_hash bytea[])
RETURNS TABLE (
    idx integer, ok boolean, reason text, response jsonb, event text, stream text, stream_offset bigint, seq integer,
    at_us bigint, seat integer, fence integer, state jsonb
) LANGUAGE plpgsql AS $$
DECLARE t timestamptz; v_done integer := 0; v_next integer; v_all integer := cardinality(p_case);
BEGIN
    IF v_all > 1 THEN  -- a row held elsewhere must not keep the neighbours waiting: they are asked again alone
        PERFORM set_config('lock_timeout', limit_of('BATCH_LOCK_MS')::text, true);
    END IF;
    PERFORM 1 FROM officers WHERE id = ANY (p_officer) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM cases WHERE id = ANY (p_case) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM streams s WHERE s.stream = ANY (ARRAY(SELECT c.station FROM cases c WHERE c.id = ANY (p_case)))
        ORDER BY s.stream FOR NO KEY UPDATE;
    t := clock_timestamp();  -- after the locks: a claim that waited past the deadline is late
    LOOP
        v_next := v_done + apart(p_case[v_done + 1:], p_officer[v_done + 1:], p_round[v_done + 1:], p_key[v_done + 1:],
            p_hash[v_done + 1:], t);
        RETURN QUERY SELECT * FROM claim_apart(p_case[v_done + 1:v_next], p_officer[v_done + 1:v_next],
            p_round[v_done + 1:v_next], p_key[v_done + 1:v_next], p_hash[v_done + 1:v_next], v_done, t);
        v_done := v_next;
        EXIT WHEN v_done >= v_all;
    END LOOP;
END $$;
