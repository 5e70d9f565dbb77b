-- What is known of a place. The words of a note stand in its row, never in an entry: they can be erased.

-- Metres between two points on a sphere of the earth's mean radius (6,371,008.8 m): within 0.6 % of the geodesic.
CREATE FUNCTION metres_between(a_lat float8, a_lon float8, b_lat float8, b_lon float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
    SELECT 2 * 6371008.8 * asin(least(1, sqrt(sin(radians(b_lat - a_lat) / 2) ^ 2
        + cos(radians(a_lat)) * cos(radians(b_lat)) * sin(radians(b_lon - a_lon) / 2) ^ 2)))
$$;

-- id, station, lat, lon, words, reason, expires_in_h, actor_id, scope, key, hash.
CREATE FUNCTION write_hazard(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE a answer; t timestamptz := clock_timestamp(); v_hash bytea := decode(x ->> 'hash', 'hex'); v_new boolean;
BEGIN
    a.response := jsonb_build_object('ok', true, 'hazard', x -> 'id');
    INSERT INTO idempotency (scope, key, request_hash, response)
    VALUES (x ->> 'scope', x ->> 'key', v_hash, a.response) ON CONFLICT DO NOTHING RETURNING true INTO v_new;
    IF v_new IS NULL THEN RETURN kept_answer(x ->> 'scope', x ->> 'key', v_hash); END IF;
    a.idx := 0; a.ok := true; a.facts := '[]';
    INSERT INTO hazards (id, station, lat, lon, words, reason, written_by, written_at, expires_at)
    VALUES ((x ->> 'id')::uuid, x ->> 'station', (x ->> 'lat')::float8, (x ->> 'lon')::float8, x ->> 'words',
        x ->> 'reason', (x ->> 'actor_id')::uuid, t, t + make_interval(hours => (x ->> 'expires_in_h')::integer));
    RETURN a;
END $$;

-- hazard, station (null: a supervisor's), reason, actor_id, scope, key, hash.
CREATE FUNCTION end_hazard(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE h hazards; a answer; t timestamptz; v_hash bytea := decode(x ->> 'hash', 'hex');
BEGIN
    SELECT * INTO h FROM hazards WHERE id = (x ->> 'hazard')::uuid FOR NO KEY UPDATE;
    a := kept_answer(x ->> 'scope', x ->> 'key', v_hash);
    IF a.idx IS NOT NULL THEN RETURN a; END IF;
    a.idx := 0; a.facts := '[]'; t := clock_timestamp();
    a.reason := CASE WHEN h.id IS NULL THEN 'not_found'
        WHEN x ->> 'station' IS NOT NULL AND x ->> 'station' <> h.station THEN 'not_yours'
        WHEN h.ended_at IS NOT NULL OR h.expires_at <= t THEN 'closed' END;
    a.ok := a.reason IS NULL;
    IF a.ok THEN
        UPDATE hazards SET ended_at = t, ended_by = (x ->> 'actor_id')::uuid, end_reason = x ->> 'reason' WHERE id = h.id;
    END IF;
    a.response := jsonb_build_object('ok', a.ok, 'reason', a.reason, 'hazard', h.id);
    INSERT INTO idempotency (scope, key, request_hash, response) VALUES (x ->> 'scope', x ->> 'key', v_hash, a.response)
    ON CONFLICT DO NOTHING;
    RETURN a;
END $$;

-- What the reader is shown of a case's place; that they were shown it is kept in the same commit.
CREATE FUNCTION read_place(p_case uuid, p_reader text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE c cases; t timestamptz := clock_timestamp(); v_reach float8 := limit_of('HAZARD_M') / 110574.0;
    v_warned jsonb; v_earlier jsonb; v_hazards uuid[]; v_cases uuid[];
BEGIN
    SELECT * INTO c FROM cases WHERE id = p_case;
    SELECT coalesce(jsonb_agg(jsonb_build_object('hazard', n.id, 'words', n.words, 'expires_at', n.expires_at,
            'within_m', ceil(n.m)::integer) ORDER BY n.m, n.id), '[]'),
        coalesce(array_agg(n.id ORDER BY n.m, n.id), '{}') INTO v_warned, v_hazards
    FROM (SELECT h.*, metres_between(c.lat, c.lon, h.lat, h.lon) AS m FROM hazards h
        WHERE h.ended_at IS NULL AND h.expires_at > t AND h.lat BETWEEN c.lat - v_reach AND c.lat + v_reach
        ORDER BY m LIMIT limit_of('PLACE_ITEMS_MAX')) n WHERE n.m <= limit_of('HAZARD_M');
    SELECT coalesce(jsonb_agg(jsonb_build_object('on', (n.received_at AT TIME ZONE 'UTC')::date, 'category', n.category,
            'disposition', n.disposition, 'within_m', ceil(n.m)::integer) ORDER BY n.received_at DESC, n.id), '[]'),
        coalesce(array_agg(n.id ORDER BY n.received_at DESC, n.id), '{}') INTO v_earlier, v_cases
    FROM (SELECT k.*, metres_between(c.lat, c.lon, k.lat, k.lon) AS m FROM cases k
        WHERE k.status = 'cleared' AND k.lat BETWEEN c.lat - v_reach AND c.lat + v_reach AND k.id <> c.id
            AND NOT k.exercise AND k.received_at > t - make_interval(days => limit_of('EARLIER_DAYS'))
            AND metres_between(c.lat, c.lon, k.lat, k.lon) <= limit_of('HAZARD_M')
        ORDER BY k.received_at DESC LIMIT limit_of('PLACE_ITEMS_MAX')) n;
    INSERT INTO place_reads (case_id, reader, at, hazards, earlier) VALUES (c.id, p_reader, t, v_hazards, v_cases);
    RETURN jsonb_build_object('hazards', v_warned, 'earlier', v_earlier);
END $$;
