-- Reading streams, histories and what a person may see now; duty; and what the lesser role may touch.

-- An entry as processes carry it.
CREATE FUNCTION fact_json(e events) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('stream', e.stream, 'offset', e.stream_offset, 'case', e.case_id, 'seq', e.seq,
        'kind', e.kind, 'actor', e.actor, 'officer', e.officer, 'at_us', (extract(epoch FROM e.at) * 1000000)::bigint,
        'body', e.body) || CASE WHEN e.kind IN ('said', 'objected', 'rated', 'unmerged')
            THEN jsonb_build_object('talk', talk_at(e.case_id, e.seq, e.kind)) ELSE '{}' END
$$;

-- Whose offer this entry ended: all asked in the round before it.
CREATE FUNCTION asked_before(e events) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN e.kind IN ('claimed', 'fell_back', 'sent_to_desk', 'withdrawn', 'merged') THEN ARRAY(
        SELECT u FROM waves w, unnest(w.recipients) u WHERE w.case_id = e.case_id AND w.seq < e.seq AND w.round = (
            SELECT max(round) FROM waves m WHERE m.case_id = e.case_id AND m.seq < e.seq)) END
$$;

-- Facts after an offset, each with its case's state now and, of a wave, whom it asked.
CREATE FUNCTION read_stream(p_stream text, p_after bigint, p_limit integer)
RETURNS TABLE (fact jsonb, state jsonb, recipients uuid[], asked uuid[]) LANGUAGE sql STABLE AS $$
    SELECT fact_json(e), CASE WHEN (c.row).id IS NULL THEN NULL ELSE state_of(c.row) END, w.recipients, asked_before(e)
    FROM events e  -- and from each entry to its case and wave: a join might read all of them
    LEFT JOIN LATERAL (SELECT k AS row FROM cases k WHERE k.id = e.case_id OFFSET 0) c ON true
    LEFT JOIN LATERAL (SELECT v.recipients FROM waves v WHERE v.case_id = e.case_id AND v.seq = e.seq OFFSET 0) w ON true
    WHERE e.stream = p_stream AND e.stream_offset > p_after ORDER BY e.stream_offset LIMIT p_limit
$$;

-- The same of one case, by its own count.
CREATE FUNCTION read_case(p_case uuid, p_after integer, p_limit integer)
RETURNS TABLE (fact jsonb, state jsonb, recipients uuid[], asked uuid[]) LANGUAGE sql STABLE AS $$
    SELECT fact_json(e), state_of(c), w.recipients, asked_before(e)
    FROM events e JOIN cases c ON c.id = e.case_id
    LEFT JOIN LATERAL (SELECT v.recipients FROM waves v WHERE v.case_id = e.case_id AND v.seq = e.seq OFFSET 0) w ON true
    WHERE e.case_id = p_case AND e.seq > p_after ORDER BY e.seq LIMIT p_limit
$$;

-- Open cases with their present recipients, a page after (station, received_at, id) in this order: what a process holds in
-- memory when it starts. A case that was open before the first page and after the last one is in exactly one page.
CREATE FUNCTION open_cases(p_station text, p_received_at timestamptz, p_id uuid, p_limit integer)
RETURNS TABLE (state jsonb, recipients uuid[], station text, received_at timestamptz, id uuid) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT state_of(p.c),
            ARRAY(SELECT u FROM waves w, unnest(w.recipients) u WHERE w.case_id = (p.c).id AND w.round = (p.c).round),
            (p.c).station, (p.c).received_at, (p.c).id
        FROM (
            SELECT c FROM cases c WHERE c.status NOT IN ('cleared', 'withdrawn', 'merged')
                AND (c.station, c.received_at, c.id) > (p_station, p_received_at, p_id)
            ORDER BY c.station, c.received_at, c.id LIMIT p_limit) p;
END $$;

-- An officer as one is now, told to the own station's stream: the fact.
CREATE FUNCTION tell_duty(o officers, p_actor text, p_t timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_offset bigint; v_body jsonb;
BEGIN
    UPDATE streams SET next_offset = next_offset + 1 WHERE stream = o.station RETURNING next_offset INTO v_offset;
    v_body := jsonb_build_object('on', o.on_duty, 'call_sign', o.call_sign, 'surname', o.surname, 'slots', o.slots, 'beat', o.beat);
    INSERT INTO events (stream, stream_offset, kind, actor, officer, at, body)
    VALUES (o.station, v_offset, 'duty', p_actor, o.id, p_t, v_body);
    RETURN jsonb_build_object('stream', o.station, 'offset', v_offset, 'kind', 'duty', 'actor', p_actor, 'officer', o.id,
        'at_us', (extract(epoch FROM p_t) * 1000000)::bigint, 'body', v_body);
END $$;

-- On or off duty. Off duty with an open case is refused: somebody waits for this officer. `v_shift`: how long the shift
-- still lasts, where that is known; said again it moves the end.
-- Left out, an end that was planned for this officer holds while it is still to come.
CREATE FUNCTION change_duty(o officers, v_on boolean, v_shift interval) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE t timestamptz; a answer;
BEGIN
    a.idx := 0; a.ok := true; a.facts := '[]';
    IF o.id IS NULL THEN a.ok := false; a.reason := 'not_found'; RETURN a; END IF;
    IF NOT v_on AND o.held > 0 THEN a.ok := false; a.reason := 'holds_case'; RETURN a; END IF;
    IF o.on_duty = v_on THEN
        UPDATE officers SET shift_ends_at = clock_timestamp() + v_shift WHERE id = o.id AND v_on AND v_shift IS NOT NULL;
        RETURN a;
    END IF;
    PERFORM 1 FROM streams WHERE stream = o.station FOR NO KEY UPDATE;
    t := clock_timestamp();
    UPDATE officers SET on_duty = v_on, duty_since = CASE WHEN v_on THEN t END,
        shift_ends_at = CASE WHEN v_on THEN coalesce(t + v_shift, CASE WHEN shift_ends_at > t THEN shift_ends_at END) END
        WHERE id = o.id RETURNING * INTO o;
    a.facts := jsonb_build_array(tell_duty(o, 'officer:' || o.id, t));
    RETURN a;
END $$;

-- As it was asked: officer, on, shift_min (or null), and a key with its hash (hex) under which the answer is kept.
CREATE FUNCTION set_duty(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE o officers; i idempotency; a answer; v_scope text := 'officer:' || (x ->> 'officer'); v_hash bytea := decode(x ->> 'hash', 'hex');
BEGIN
    SELECT * INTO o FROM officers WHERE id = (x ->> 'officer')::uuid FOR NO KEY UPDATE;
    SELECT * INTO i FROM idempotency WHERE scope = v_scope AND key = x ->> 'key';
    IF i.key IS NOT NULL AND i.request_hash <> v_hash THEN
        a := (0, false, 'key_reused', NULL, '[]'::jsonb, NULL, NULL);
    ELSIF i.key IS NOT NULL THEN
        a := (0, (i.response ->> 'ok')::boolean, i.response ->> 'reason', i.response, '[]'::jsonb, NULL, NULL);
    ELSE
        a := change_duty(o, (x ->> 'on')::boolean, make_interval(mins => (x ->> 'shift_min')::integer));
        a.response := jsonb_build_object('ok', a.ok, 'reason', a.reason);
        INSERT INTO idempotency (scope, key, request_hash, response) VALUES (v_scope, x ->> 'key', v_hash, a.response);
    END IF;
    RETURN a;
END $$;
