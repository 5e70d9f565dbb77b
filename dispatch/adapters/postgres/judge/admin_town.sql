-- What an admin does not set (a column of somebody else's) keeps its value, or begins with its default.
-- Stations and categories with their policies, as an admin sets them. Whoever changes the town holds the row of `meta`:
-- one change after the other, and every process sees by its number that there was one.

-- The town as it stands, with what a person needs to judge it by: dispatch.admin.values.Town.
CREATE FUNCTION read_town(p_shift_s integer) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE v_stations jsonb; v_categories jsonb; v_skills jsonb; v_since timestamptz := clock_timestamp() - make_interval(secs => p_shift_s);
BEGIN
    SELECT coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object(
        'areas', (SELECT count(*) FROM areas a WHERE a.station = s.id AND a.kind = 'station'),
        'beats', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', regexp_replace(a.id, '^beat:', ''), 'name', a.name,
            'name_en', coalesce(a.name_en, a.name)) ORDER BY a.id), '[]') FROM areas a WHERE a.station = s.id AND a.kind = 'beat'),
        'desks', (SELECT count(*) FROM accounts d WHERE d.station = s.id AND d.role = 'desk' AND NOT d.suspended),
        'staffed', (SELECT count(*) FROM desk_shifts d WHERE d.station = s.id AND d.since > v_since),
        'officers', (SELECT count(*) FROM officers o WHERE o.station = s.id),
        'on_duty', (SELECT count(*) FROM officers o WHERE o.station = s.id AND o.on_duty)) ORDER BY s.id), '[]')
    INTO v_stations FROM stations s;
    SELECT coalesce(jsonb_agg(category_of(k) || jsonb_build_object('able', CASE WHEN k.skill IS NOT NULL THEN (
        SELECT count(*) FROM officers o JOIN accounts a ON a.officer = o.id
        WHERE k.skill = ANY (o.skills) AND NOT a.suspended) END) ORDER BY k.id = 'other', k.id), '[]')
    INTO v_categories FROM categories k;
    SELECT coalesce(jsonb_agg(DISTINCT u.skill), '[]') INTO v_skills FROM (
        SELECT unnest(skills) AS skill FROM officers UNION SELECT skill FROM categories WHERE skill IS NOT NULL) u;
    RETURN jsonb_build_object('version', (SELECT town_version FROM meta), 'stations', v_stations,
        'categories', v_categories, 'skills', v_skills);
END $$;

-- A category with the modes of its hours.
CREATE FUNCTION category_of(k categories) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(k) || jsonb_build_object('hours', coalesce(
        (SELECT jsonb_object_agg(h.hour, h.mode) FROM category_hours h WHERE h.category = k.id), '{}'))
$$;

-- One change of the town at a time, until its commit.
CREATE FUNCTION hold_town() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM meta FOR NO KEY UPDATE;
END $$;

-- Every process reads the town again.
CREATE FUNCTION tell_town() RETURNS void LANGUAGE sql AS $$
    UPDATE meta SET town_version = town_version + 1
$$;

-- Whether a station's cases, falling from desk to desk, would come back to it.
CREATE FUNCTION falls_back_to(p_station text, p_falls_to text) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE way AS (
        SELECT p_falls_to AS station
        UNION SELECT s.falls_to FROM way w JOIN stations s ON s.id = w.station WHERE s.falls_to IS NOT NULL AND s.id <> p_station
    ) SELECT EXISTS (SELECT FROM way WHERE station = p_station)
$$;

-- Whether the database knows a time zone by this name.
CREATE FUNCTION knows_zone(p_zone text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM clock_timestamp() AT TIME ZONE p_zone;
    RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN RETURN false;
END $$;

-- Makes a station (version 0) or changes one. x: id, version, actor, reason and the columns that are set. The catch-all
-- moves here where x says so.
CREATE FUNCTION put_station(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE a answer; s stations; former stations; v_before jsonb; v_former jsonb; t timestamptz;
BEGIN
    a.idx := 0; a.facts := '[]';
    PERFORM hold_town();
    SELECT * INTO s FROM stations WHERE id = x ->> 'id';
    t := clock_timestamp();
    a.reason := CASE
        WHEN s.id IS NULL AND (x ->> 'version')::integer > 0 THEN 'not_found'
        WHEN s.id IS NOT NULL AND (x ->> 'version')::integer = 0 THEN 'exists'
        WHEN s.version <> (x ->> 'version')::integer THEN 'stale_version'
        WHEN s.catch_all AND NOT (x ->> 'catch_all')::boolean THEN 'catch_all_needed'
        WHEN x ->> 'falls_to' IS NOT NULL AND NOT EXISTS (SELECT FROM stations WHERE id = x ->> 'falls_to')
            THEN 'station_unknown'
        WHEN x ->> 'falls_to' IS NOT NULL AND falls_back_to(x ->> 'id', x ->> 'falls_to') THEN 'falls_in_a_circle'
        WHEN NOT knows_zone(x ->> 'time_zone') THEN 'zone_unknown' END;
    a.ok := a.reason IS NULL;
    IF NOT a.ok THEN RETURN a; END IF;
    v_before := CASE WHEN s.id IS NOT NULL THEN to_jsonb(s) END;
    SELECT * INTO former FROM stations WHERE catch_all AND id <> x ->> 'id' AND (x ->> 'catch_all')::boolean;
    IF former.id IS NOT NULL THEN
        v_former := to_jsonb(former);
        UPDATE stations SET catch_all = false, version = version + 1 WHERE id = former.id RETURNING * INTO former;
        PERFORM note_change(x, 'station', former.id, 'changed', v_former, to_jsonb(former), t);
    END IF;
    s := jsonb_populate_record(s, x - 'version');
    s.version := coalesce(s.version, 0) + 1;
    INSERT INTO stations (id, name, name_en, catch_all, cross_border, lends, falls_to, head_start_ms, hand_backs_max, time_zone,
        version)
    VALUES (s.id, s.name, s.name_en, s.catch_all, s.cross_border, s.lends, s.falls_to, s.head_start_ms,
        s.hand_backs_max, s.time_zone, s.version)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, catch_all = excluded.catch_all,
        cross_border = excluded.cross_border, lends = excluded.lends, falls_to = excluded.falls_to,
        head_start_ms = excluded.head_start_ms, hand_backs_max = excluded.hand_backs_max,
        time_zone = excluded.time_zone, version = excluded.version;
    INSERT INTO streams (stream) VALUES (s.id) ON CONFLICT DO NOTHING;
    PERFORM tell_town();
    PERFORM note_change(x, 'station', s.id, CASE WHEN v_before IS NULL THEN 'made' ELSE 'changed' END, v_before, to_jsonb(s), t);
    a.response := jsonb_build_object('now', to_jsonb(s));
    RETURN a;
END $$;

-- Makes a category (version 0) or changes one, with its policy and the modes of its hours. x: id, version, actor, reason
-- and the columns that are set; hours: {hour: mode}.
CREATE FUNCTION put_category(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE a answer; k categories; v_before jsonb; v_after jsonb; t timestamptz;
BEGIN
    a.idx := 0; a.facts := '[]';
    PERFORM hold_town();
    SELECT * INTO k FROM categories WHERE id = x ->> 'id';
    t := clock_timestamp();
    a.reason := CASE
        WHEN k.id IS NULL AND (x ->> 'version')::integer > 0 THEN 'not_found'
        WHEN k.id IS NOT NULL AND (x ->> 'version')::integer = 0 THEN 'exists'
        WHEN k.version <> (x ->> 'version')::integer THEN 'stale_version'
        WHEN NOT (x ->> 'open')::boolean AND NOT EXISTS (SELECT FROM categories WHERE open AND id <> x ->> 'id')
            THEN 'category_needed' END;
    a.ok := a.reason IS NULL;
    IF NOT a.ok THEN RETURN a; END IF;
    v_before := CASE WHEN k.id IS NOT NULL THEN category_of(k) END;
    k := jsonb_populate_record(k, x - 'version');
    k.version := coalesce(k.version, 0) + 1;
    INSERT INTO categories (id, name, name_en, seats, window_ms, wave_ms, ack_ms, rings_m, skill, open, mode, head_start_ms, turn_ms,
        priority, patience_ms, check_in_s, version)
    VALUES (k.id, k.name, k.name_en, k.seats, k.window_ms, k.wave_ms, k.ack_ms, k.rings_m, k.skill, k.open, k.mode,
        k.head_start_ms, k.turn_ms, k.priority, k.patience_ms, k.check_in_s, k.version)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, seats = excluded.seats,
        window_ms = excluded.window_ms, wave_ms = excluded.wave_ms, ack_ms = excluded.ack_ms, rings_m = excluded.rings_m,
        skill = excluded.skill, open = excluded.open, mode = excluded.mode, head_start_ms = excluded.head_start_ms,
        turn_ms = excluded.turn_ms, priority = excluded.priority, patience_ms = excluded.patience_ms,
        check_in_s = excluded.check_in_s, version = excluded.version;
    DELETE FROM category_hours WHERE category = k.id;
    INSERT INTO category_hours (category, hour, mode)
        SELECT k.id, h.key::integer, h.value FROM jsonb_each_text(x -> 'hours') h;
    SELECT category_of(c) INTO v_after FROM categories c WHERE c.id = k.id;
    PERFORM tell_town();
    PERFORM note_change(x, 'category', k.id, CASE WHEN v_before IS NULL THEN 'made' ELSE 'changed' END, v_before, v_after, t);
    a.response := jsonb_build_object('now', v_after);
    RETURN a;
END $$;
