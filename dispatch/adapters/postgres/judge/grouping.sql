-- Several reports of one incident: merged into one case, split off, unmerged. Guards in the order of
-- dispatch.cases.duplicates. One call locks and changes every case that it touches; each answers with its own row.

-- All cases that an act on p_case with these others touches, in the order in which they are locked.
CREATE FUNCTION touched(p_case uuid, p_others uuid[]) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT p_case UNION SELECT unnest(p_others)
        UNION SELECT unnest(k.reports) FROM cases k WHERE k.id = ANY (p_others)
        UNION SELECT k.merged_into FROM cases k WHERE k.id = p_case AND k.merged_into IS NOT NULL ORDER BY 1)
$$;

-- Whom a case stands for, and who stands for it, as processes carry it.
CREATE FUNCTION group_of(c cases) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('into', c.merged_into, 'reports', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('case', k.id,
            'received_us', (extract(epoch FROM k.received_at) * 1000000)::bigint) ORDER BY q.nr), '[]')
        FROM unnest(c.reports) WITH ORDINALITY q (id, nr), LATERAL (
            SELECT m.id, m.received_at FROM cases m WHERE m.id = q.id OFFSET 0) k))
$$;

-- Why these cases (ascending, each once) cannot be merged into this one, or null.
CREATE FUNCTION judge_merge(c cases, x jsonb, p_others uuid[], p_t timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE v_id uuid; o cases; v_reason text; v_coming integer := 0;
BEGIN
    FOREACH v_id IN ARRAY p_others LOOP
        SELECT * INTO o FROM cases WHERE id = v_id;
        IF o.id IS NULL THEN RETURN 'not_found'; END IF;
        IF o.status = 'merged' THEN RETURN 'merged'; END IF;
        IF o.status IN ('cleared', 'withdrawn') THEN RETURN 'closed'; END IF;
        IF o.exercise <> c.exercise OR NOT EXISTS (
            SELECT FROM legal l WHERE l.status = o.status AND l.event = 'merged') THEN RETURN 'illegal'; END IF;
        v_reason := judge_closing(o, x, p_t);
        IF v_reason IS NOT NULL THEN RETURN v_reason; END IF;
        IF EXISTS (
            SELECT FROM assignments a WHERE a.case_id = o.id AND a.active AND a.watch IN ('asked', 'missed')
        ) THEN RETURN 'check_open'; END IF;
        IF x ->> 'actor' = 'desk' AND o.station IS DISTINCT FROM x ->> 'station' AND EXISTS (
            SELECT FROM assignments a WHERE a.case_id = o.id AND a.active) THEN RETURN 'not_yours'; END IF;
        v_coming := v_coming + 1 + coalesce(cardinality(o.reports), 0);
    END LOOP;
    RETURN CASE WHEN coalesce(cardinality(c.reports), 0) + v_coming > limit_of('REPORTS_MAX') THEN 'reports_full' END;
END $$;

-- Why this act on a case and others is refused at p_t, or null.
CREATE FUNCTION judge_grouping(c cases, x jsonb, p_others uuid[], p_t timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE v_event text := x ->> 'event'; v_reason text;
BEGIN
    IF c.id IS NULL THEN RETURN 'not_found'; END IF;
    IF x ->> 'actor' = 'desk' AND c.station IS DISTINCT FROM x ->> 'station' THEN RETURN 'not_yours'; END IF;
    IF v_event = 'absorbed' AND (c.id = ANY (p_others) OR c.merged_into = ANY (p_others)) THEN RETURN 'circle'; END IF;
    v_reason := coalesce(judge_act(c, NULL, v_event, x ->> 'actor', NULL, NULL, '{}', p_t), judge_closing(c, x, p_t));
    IF v_reason IS NOT NULL THEN RETURN v_reason; END IF;
    IF v_event = 'absorbed' THEN RETURN judge_merge(c, x, p_others, p_t); END IF;
    RETURN CASE WHEN v_event = 'split' AND NOT coalesce(c.reports, '{}') @> p_others THEN 'not_found' END;
END $$;

-- The row with what only this file changes.
CREATE FUNCTION save_group(c cases) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases SET merged_into = c.merged_into, reports = c.reports WHERE id = c.id;
    PERFORM save(c);
END $$;

-- An entry of a case, the case saved with it, and the answer that tells it.
CREATE FUNCTION told(c cases, p_facts jsonb, p_event text, p_actor text, p_body jsonb, p_t timestamptz) RETURNS answer
LANGUAGE plpgsql AS $$
DECLARE r record; a answer;
BEGIN
    SELECT q.* INTO r FROM append(c, p_facts, p_event, p_actor, NULL, p_body, p_t) q;
    c := r.c;
    PERFORM save_group(c);
    a := (1, true, NULL, NULL, r.facts, state_of(c), NULL);
    RETURN a;
END $$;

-- Another case stands for this one: its officers are free, nothing of it is due, its reporters follow.
CREATE FUNCTION merge_one(o cases, p_into uuid, x jsonb, p_actor text, p_t timestamptz) RETURNS SETOF answer
LANGUAGE plpgsql AS $$
DECLARE f cases; v_released uuid[] := end_assignments(o.id, NULL, 'merged', p_t);
    v_reports uuid[] := coalesce(o.reports, '{}');
BEGIN
    DELETE FROM deadlines WHERE case_id = o.id;
    o.fence := o.fence + 1; o.claimed_by := NULL; o.claimed_at := NULL; o.disposition := 'duplicate';
    o.desk := unheld(o.desk, false);    o.merged_into := p_into; o.reports := NULL;
    RETURN NEXT told(o, '[]', 'merged', p_actor, jsonb_build_object(
        'reason', x -> 'reason', 'into', p_into, 'released', to_jsonb(v_released)), p_t);
    FOR f IN SELECT * FROM cases WHERE id = ANY (v_reports) ORDER BY id LOOP
        f.merged_into := p_into;
        RETURN NEXT told(f, '[]', 'followed', p_actor, jsonb_build_object('into', p_into), p_t);
    END LOOP;
END $$;

-- These cases, and those that follow them, are this one's reports from now on.
CREATE FUNCTION merge_cases(c cases, x jsonb, p_others uuid[], p_actor text, p_t timestamptz) RETURNS SETOF answer
LANGUAGE plpgsql AS $$
DECLARE o cases; v_coming uuid[] := '{}'; a answer;
BEGIN
    FOR o IN SELECT * FROM cases WHERE id = ANY (p_others) ORDER BY id LOOP
        v_coming := v_coming || o.id || coalesce(o.reports, '{}');
        RETURN QUERY SELECT * FROM merge_one(o, c.id, x, p_actor, p_t);
    END LOOP;
    c.reports := coalesce(c.reports, '{}') || v_coming;
    a := told(c, '[]', 'absorbed', p_actor, jsonb_build_object('reason', x -> 'reason', 'others', to_jsonb(v_coming)), p_t);
    a.idx := 0;
    RETURN NEXT a;
END $$;

-- The new case of a split: where and when the first of its reports was, else as the case that it is split from. It has
-- no reporter of its own: no code opens it.
CREATE FUNCTION split_off(c cases, x jsonb, p_others uuid[], p_actor text, p_t timestamptz) RETURNS answer
LANGUAGE plpgsql AS $$
DECLARE n cases; o cases; r record; v_salt bytea := decode(x ->> 'salt', 'hex');
BEGIN
    SELECT * INTO o FROM cases WHERE id = ANY (p_others) ORDER BY received_at, id LIMIT 1;
    IF o.id IS NULL THEN o := c; END IF;
    INSERT INTO cases (id, station, category, words, words_salt, lat, lon, accuracy_m, place_source, reporter, receipt_mac,
        received_at, exercise, channel, seats, status, merged_into, reports, seq, head)
    VALUES ((x ->> 'made')::uuid, c.station, o.category, x ->> 'words', v_salt, o.lat, o.lon, o.accuracy_m, o.place_source,
        p_actor, sha256(convert_to(gen_random_uuid()::text, 'UTF8')), o.received_at, c.exercise, o.channel,
        coalesce((SELECT k.seats FROM categories k WHERE k.id = o.category), o.seats), 'received', NULL, NULL, 0, '')
    RETURNING * INTO n;
    SELECT q.* INTO r FROM append(n, '[]', 'received', p_actor, NULL, jsonb_build_object(
        'category', n.category, 'lat', n.lat, 'lon', n.lon, 'seats', n.seats, 'split_from', c.id, 'words',
        encode(sha256(v_salt || convert_to(n.words, 'UTF8')), 'hex'))
        || CASE WHEN n.exercise THEN '{"exercise": true}'::jsonb ELSE '{}' END, p_t) q;
    SELECT q.* INTO r FROM to_desk(r.c, r.facts, 'sent_to_desk', 'service', NULL, 'split', p_t) q;
    n := r.c;
    IF p_others <> '{}' THEN
        n.reports := p_others;
        RETURN told(n, r.facts, 'absorbed', p_actor, jsonb_build_object(
            'reason', x -> 'reason', 'others', to_jsonb(p_others)), p_t);
    END IF;
    PERFORM save_group(n);
    RETURN (1, true, NULL, NULL, r.facts, state_of(n), NULL)::answer;
END $$;

-- One case becomes two: some of its reports, or none, follow the new one.
CREATE FUNCTION split_case(c cases, x jsonb, p_others uuid[], p_actor text, p_t timestamptz) RETURNS SETOF answer
LANGUAGE plpgsql AS $$
DECLARE f cases; a answer;
BEGIN
    RETURN NEXT split_off(c, x, p_others, p_actor, p_t);
    FOR f IN SELECT * FROM cases WHERE id = ANY (p_others) ORDER BY id LOOP
        f.merged_into := (x ->> 'made')::uuid;
        RETURN NEXT told(f, '[]', 'followed', p_actor, jsonb_build_object('into', x -> 'made'), p_t);
    END LOOP;
    c.reports := nullif(ARRAY(SELECT u FROM unnest(c.reports) WITH ORDINALITY q (u, nr) WHERE NOT u = ANY (p_others)
        ORDER BY nr), '{}');
    a := told(c, '[]', 'split', p_actor, jsonb_build_object(
        'reason', x -> 'reason', 'made', x -> 'made', 'others', to_jsonb(p_others)), p_t);
    a.idx := 0;
    RETURN NEXT a;
END $$;

-- A report goes its own way again: unseen in its station's queue, with the age that it has.
CREATE FUNCTION unmerge_case(c cases, x jsonb, p_actor text, p_t timestamptz) RETURNS SETOF answer
LANGUAGE plpgsql AS $$
DECLARE s cases; a answer; v_from uuid := c.merged_into;
BEGIN
    SELECT * INTO s FROM cases WHERE id = v_from;
    c.merged_into := NULL; c.disposition := NULL; c.fence := c.fence + 1;
    c := queued(c, 'unmerged', p_t);
    DELETE FROM talk_marks WHERE case_id = c.id;
    a := told(c, '[]', 'unmerged', p_actor, jsonb_build_object('reason', x -> 'reason', 'from', v_from), p_t);
    a.idx := 0; a.facts := jsonb_set(a.facts, '{-1,talk}', talk_of(c.id, NULL, limit_of('TALK_KEPT_LINES')));
    RETURN NEXT a;
    s.reports := nullif(array_remove(s.reports, c.id), '{}');
    RETURN NEXT told(s, '[]', 'parted', p_actor, jsonb_build_object('others', jsonb_build_array(c.id)), p_t);
END $$;

-- Judged and done, or refused; one row a case, the one that was addressed has idx 0. Element: case, event (absorbed,
-- split, unmerged), others [uuid], made, words and salt (hex) of a split's new case, actor (kind), actor_id, station,
-- scope, key, hash, reason.
CREATE FUNCTION group_cases(x jsonb) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE c cases; i idempotency; t timestamptz; a answer; v_reason text; v_case uuid := (x ->> 'case')::uuid;
    v_event text := x ->> 'event'; v_hash bytea := decode(x ->> 'hash', 'hex');
    v_actor text := concat_ws(':', x ->> 'actor', x ->> 'actor_id');
    v_others uuid[] := ARRAY(SELECT DISTINCT o::uuid FROM jsonb_array_elements_text(x -> 'others') o ORDER BY 1);
    v_all uuid[] := touched(v_case, v_others); v_done answer[];
BEGIN
    PERFORM 1 FROM officers WHERE id = ANY (ARRAY(
        SELECT officer_id FROM assignments WHERE case_id = ANY (v_others) AND active)) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM cases WHERE id = ANY (v_all) ORDER BY id FOR NO KEY UPDATE;
    IF v_all <> touched(v_case, v_others) THEN  -- merged further by somebody else meanwhile: looked at anew
        RAISE EXCEPTION 'the cases changed' USING ERRCODE = 'lock_not_available';
    END IF;
    PERFORM 1 FROM streams WHERE stream IN (SELECT k.station FROM cases k WHERE k.id = ANY (v_all))
        ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    SELECT * INTO i FROM idempotency WHERE scope = x ->> 'scope' AND key = x ->> 'key';
    IF i.key IS NOT NULL THEN
        a := (0, i.request_hash = v_hash AND (i.response ->> 'ok')::boolean,
            CASE WHEN i.request_hash = v_hash THEN i.response ->> 'reason' ELSE 'key_reused' END,
            CASE WHEN i.request_hash = v_hash THEN i.response END, '[]', NULL, NULL);
        RETURN NEXT a; RETURN;
    END IF;
    SELECT * INTO c FROM cases WHERE id = v_case;
    v_reason := judge_grouping(c, x, v_others, t);
    IF v_reason IS NOT NULL THEN
        a := (0, false, v_reason, NULL, '[]', CASE WHEN c.id IS NOT NULL THEN state_of(c) END, NULL);
        a.response := jsonb_build_object('ok', false, 'reason', v_reason, 'case', v_case, 'status', c.status, 'fence', c.fence);
        INSERT INTO idempotency (scope, key, request_hash, response) VALUES (x ->> 'scope', x ->> 'key', v_hash, a.response);
        RETURN NEXT a; RETURN;
    END IF;
    IF v_event = 'absorbed' THEN v_done := ARRAY(SELECT m FROM merge_cases(c, x, v_others, v_actor, t) m);
    ELSIF v_event = 'split' THEN v_done := ARRAY(SELECT s FROM split_case(c, x, v_others, v_actor, t) s);
    ELSE v_done := ARRAY(SELECT u FROM unmerge_case(c, x, v_actor, t) u);
    END IF;
    FOREACH a IN ARRAY v_done LOOP
        IF a.idx = 0 THEN
            a.response := jsonb_build_object('ok', true, 'reason', NULL, 'case', v_case, 'status', a.state ->> 'status',
                'fence', (a.state ->> 'fence')::integer) || CASE WHEN v_event = 'split'
                THEN jsonb_build_object('made', x -> 'made') ELSE '{}' END;
            INSERT INTO idempotency (scope, key, request_hash, response) VALUES (x ->> 'scope', x ->> 'key', v_hash, a.response);
        END IF;
        RETURN NEXT a;
    END LOOP;
END $$;

-- Open cases of the same category within so many seconds of a case and within a box of degrees, which crosses the
-- antimeridian where west is greater. Station by station, by the index on open cases.
CREATE FUNCTION near_in_time(
    p_case uuid, p_s integer, p_south double precision, p_north double precision, p_west double precision,
    p_east double precision
) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$
    SELECT state_of(k.c) FROM cases own, stations s, LATERAL (
        SELECT c FROM cases c WHERE c.status NOT IN ('cleared', 'withdrawn', 'merged') AND c.station = s.id
            AND c.received_at BETWEEN own.received_at - make_interval(secs => p_s) AND own.received_at + make_interval(secs => p_s)
            AND c.category = own.category AND c.lat BETWEEN p_south AND p_north
            AND (c.lon BETWEEN p_west AND p_east OR p_west > p_east AND (c.lon >= p_west OR c.lon <= p_east)) OFFSET 0) k
    WHERE own.id = p_case
$$;
