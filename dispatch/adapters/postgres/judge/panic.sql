-- An officer calls for help, and a person at a desk ends it. Never waits for the officer's own row: a claim may hold it.

-- The body of both facts. The words of whoever cleared it are in the row, not here.
CREATE FUNCTION panic_body(p panics) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('panic', p.id, 'officer', p.officer_id, 'station', p.station, 'call_sign', o.call_sign,
        'surname', o.surname, 'raised_us', (extract(epoch FROM p.raised_at) * 1000000)::bigint, 'alerted', p.alerted,
        'case', p.case_id, 'lat', p.lat, 'lon', p.lon, 'accuracy_m', p.accuracy_m)
    FROM officers o WHERE o.id = p.officer_id
$$;

-- An entry of a station's stream that belongs to no case. The caller holds nothing that comes after streams.
CREATE FUNCTION tell_station(
    p_stream text, p_kind text, p_actor text, p_officer uuid, p_body jsonb, p_t timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_offset bigint;
BEGIN
    UPDATE streams SET next_offset = next_offset + 1 WHERE stream = p_stream RETURNING next_offset INTO v_offset;
    INSERT INTO events (stream, stream_offset, kind, actor, officer, at, body)
    VALUES (p_stream, v_offset, p_kind, p_actor, p_officer, p_t, p_body);
    RETURN jsonb_build_array(jsonb_build_object('stream', p_stream, 'offset', v_offset, 'kind', p_kind, 'actor', p_actor,
        'officer', p_officer, 'at_us', (extract(epoch FROM p_t) * 1000000)::bigint, 'body', p_body));
END $$;

-- What was answered to a key, as an answer; idx is null where the key is new.
CREATE FUNCTION kept_answer(p_scope text, p_key text, p_hash bytea) RETURNS answer LANGUAGE plpgsql STABLE AS $$
DECLARE i idempotency;
BEGIN
    SELECT * INTO i FROM idempotency WHERE scope = p_scope AND key = p_key;
    IF i.key IS NULL THEN RETURN NULL; END IF;
    IF i.request_hash <> p_hash THEN RETURN (0, false, 'key_reused', NULL::jsonb, '[]'::jsonb, NULL::jsonb, NULL::uuid[])::answer; END IF;
    RETURN (0, (i.response ->> 'ok')::boolean, i.response ->> 'reason', i.response, '[]'::jsonb, NULL::jsonb, NULL::uuid[])::answer;
END $$;

-- id, officer, lat, lon, accuracy_m, candidates [uuid, nearest first], key, hash (hex). One live one an officer.
CREATE FUNCTION raise_panic(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE o officers; p panics; a answer; t timestamptz; v_new boolean;
    v_scope text := 'officer:' || (x ->> 'officer'); v_hash bytea := decode(x ->> 'hash', 'hex');
BEGIN
    a := kept_answer(v_scope, x ->> 'key', v_hash);
    IF a.idx IS NOT NULL THEN RETURN a; END IF;
    a.idx := 0; a.facts := '[]';
    SELECT * INTO o FROM officers WHERE id = (x ->> 'officer')::uuid;
    IF o.id IS NULL THEN a.ok := false; a.reason := 'not_found'; RETURN a; END IF;
    t := clock_timestamp();
    INSERT INTO panics (id, officer_id, station, case_id, lat, lon, accuracy_m, raised_at, alerted)
    VALUES ((x ->> 'id')::uuid, o.id, o.station,
        (SELECT s.case_id FROM (SELECT h.id, h.case_id FROM assignments h WHERE h.officer_id = o.id AND h.active OFFSET 0) s
            ORDER BY s.id DESC LIMIT 1),
        (x ->> 'lat')::float8, (x ->> 'lon')::float8, (x ->> 'accuracy_m')::real, t,
        ARRAY(SELECT f.id FROM jsonb_array_elements_text(x -> 'candidates') WITH ORDINALITY u (id, nr), LATERAL (
            SELECT k.id, k.on_duty FROM officers k WHERE k.id = u.id::uuid OFFSET 0) f WHERE f.on_duty AND f.id <> o.id ORDER BY u.nr))
    ON CONFLICT (officer_id) WHERE cleared_at IS NULL DO NOTHING RETURNING * INTO p;
    v_new := p.id IS NOT NULL;
    IF v_new THEN
        a.facts := tell_station(o.station, 'panic', v_scope, o.id, panic_body(p), t);
    ELSE
        SELECT * INTO p FROM panics WHERE officer_id = o.id AND cleared_at IS NULL;
    END IF;
    a.ok := true; a.response := jsonb_build_object('ok', true, 'panic', p.id, 'alerted', cardinality(p.alerted));
    INSERT INTO idempotency (scope, key, request_hash, response) VALUES (v_scope, x ->> 'key', v_hash, a.response)
    ON CONFLICT DO NOTHING;  -- the same, pressed at the same moment
    RETURN a;
END $$;

-- panic, actor, actor_id, station (null: a supervisor's), reason, scope, key, hash.
CREATE FUNCTION clear_panic(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE p panics; a answer; t timestamptz; v_hash bytea := decode(x ->> 'hash', 'hex');
BEGIN
    SELECT * INTO p FROM panics WHERE id = (x ->> 'panic')::uuid FOR NO KEY UPDATE;
    a := kept_answer(x ->> 'scope', x ->> 'key', v_hash);
    IF a.idx IS NOT NULL THEN RETURN a; END IF;
    a.idx := 0; a.facts := '[]'; t := clock_timestamp();
    a.reason := CASE WHEN p.id IS NULL THEN 'not_found'
        WHEN x ->> 'actor' = 'desk' AND x ->> 'station' IS DISTINCT FROM p.station THEN 'not_yours'
        WHEN p.cleared_at IS NOT NULL THEN 'panic_over' END;
    a.ok := a.reason IS NULL;
    IF a.ok THEN
        UPDATE panics SET cleared_at = t, cleared_by = (x ->> 'actor_id')::uuid, reason = x ->> 'reason' WHERE id = p.id;
        a.facts := tell_station(p.station, 'panic_cleared', concat_ws(':', x ->> 'actor', x ->> 'actor_id'),
            p.officer_id, panic_body(p), t);
    END IF;
    a.response := jsonb_build_object('ok', a.ok, 'reason', a.reason, 'panic', p.id);
    INSERT INTO idempotency (scope, key, request_hash, response) VALUES (x ->> 'scope', x ->> 'key', v_hash, a.response)
    ON CONFLICT DO NOTHING;
    RETURN a;
END $$;
