-- A report becomes a case, and an offer, in one call and one commit. Takes many: what arrives together, a column each.

-- Whom a wave asked, for the chain: provable later, readable by nobody.
CREATE FUNCTION digest_of(p_recipients uuid[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(array_to_string(p_recipients, ','), 'UTF8')), 'hex')
$$;

-- A wave: who was asked, in one row, and when the next one opens.
CREATE FUNCTION put_wave(c cases, p_recipients uuid[], p_last boolean, p_wave_ms integer, p_t timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO waves (case_id, seq, round, wave, recipients) VALUES (c.id, c.seq, c.round, c.wave, p_recipients);
    IF p_last THEN
        DELETE FROM deadlines WHERE case_id = c.id AND kind = 'wave';
    ELSE
        INSERT INTO deadlines (case_id, kind, station, due_at, round, wave)
        VALUES (c.id, 'wave', c.station, p_t + make_interval(secs => p_wave_ms / 1000.0), c.round, c.wave + 1)
        ON CONFLICT (case_id, kind) DO UPDATE SET
            station = excluded.station, due_at = excluded.due_at, round = excluded.round, wave = excluded.wave;
    END IF;
END $$;

-- The case's only timer of a kind, set or moved.
CREATE FUNCTION set_deadline(c cases, p_kind text, p_due timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deadlines (case_id, kind, station, due_at, round) VALUES (c.id, p_kind, c.station, p_due, c.round)
    ON CONFLICT (case_id, kind) DO UPDATE SET station = excluded.station, due_at = excluded.due_at, round = excluded.round;
END $$;

-- The case goes to the desk: its queue is a query, its acknowledgement a deadline.
CREATE FUNCTION to_desk(
    INOUT c cases, INOUT facts jsonb, p_event text, p_actor text, p_officer uuid, p_reason text, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    c.desk_reason := p_reason; c.escalated_at := p_t; c.acknowledged_at := NULL; c.acknowledged_by := NULL;
    c.alarms := 0;
    SELECT a.* INTO r FROM append(c, facts, p_event, p_actor, p_officer, jsonb_build_object('reason', p_reason), p_t) a;
    c := r.c; facts := r.facts;
    PERFORM set_deadline(c, 'ack', ack_due(c.station, c.category, p_t));
END $$;

-- What became of a report. Of a new one, what the caller cannot know: the rest of its state is what it sent.
-- `recipients` null: all of its candidates, in their order. `event` null: an answer that was given before.
CREATE FUNCTION report_cases(
    p_id uuid[], p_scope text[], p_key text[], p_hash bytea[], p_station text[], p_category text[], p_words text[],
    p_salt bytea[], p_lat double precision[], p_lon double precision[], p_accuracy_m real[], p_place_source text[],
    p_reporter text[], p_receipt_mac bytea[], p_exercise boolean[], p_channel text[],
    p_noted jsonb[],         -- joins the first entry
    p_ring_m integer[], p_wave integer[],
    p_last_wave boolean[],   -- no wider ring is left
    p_asks integer[],        -- of the candidates; null: all of them
    p_pause_ms integer[],    -- until the next wave; null: the category's
    p_desk_first boolean[],  -- nobody is asked: the desk decides
    p_ends integer[],        -- where each one's candidates end in:
    p_candidates uuid[],     -- nearest first, one report after the other
    p_officers integer       -- how many different ones these are
) RETURNS TABLE (
    idx integer, ok boolean, reason text, response jsonb, event text, top bigint, at_us bigint, age_ms integer,
    seats integer, window_ms integer, shown_accuracy_m double precision, why text, body_1 jsonb, body_2 jsonb,
    recipients uuid[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE t timestamptz; v_us bigint; v_all_able boolean; v_new bigint;
    v_window_ms integer := limit_of('OFFER_WINDOW_MS'); v_wave_ms integer := limit_of('WAVE_INTERVAL_MS');
    v_asks_max integer := limit_of('STATION_RECIPIENTS_MAX');
BEGIN
    -- ascending order everywhere, so that two batches never wait for each other in a ring
    PERFORM 1 FROM streams WHERE stream = ANY (p_station) ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    v_us := (extract(epoch FROM t) * 1000000)::bigint;
    -- Mostly every one of them may be asked, by every station: then nothing is left to judge case by case.
    v_all_able := p_officers = (SELECT count(*) FROM (
        SELECT f.on_duty, f.held, f.slots, f.shift_ends_at FROM officers f WHERE f.id = ANY (p_candidates) OFFSET 0) o
        WHERE o.on_duty AND o.held < o.slots AND (o.shift_ends_at IS NULL
            OR o.shift_ends_at > t + make_interval(mins => limit_of('SHIFT_LAST_MIN'))));
    -- All steps for all of them at once: a loop over cases costs four times as much.
    RETURN QUERY WITH sent AS (
        SELECT x.*, k.seats, coalesce(k.window_ms, v_window_ms) AS window_ms, k.skill,
            coalesce(x.pause_ms, k.wave_ms, v_wave_ms) AS wave_ms, coalesce(x.asks, v_asks_max) AS asks_max,
            CASE WHEN s.cross_border = 'own' THEN s.id END AS only_of,
            p_candidates[coalesce(p_ends[x.nr - 1], 0) + 1 : p_ends[x.nr]] AS candidates
        FROM unnest(p_id, p_scope, p_key, p_hash, p_station, p_category, p_words, p_salt, p_lat, p_lon, p_accuracy_m,
            p_place_source, p_reporter, p_receipt_mac, p_exercise, p_channel, p_noted, p_ring_m, p_wave, p_last_wave,
            p_asks, p_pause_ms, p_desk_first) WITH ORDINALITY AS x (id, scope, key, hash, station, category, words, salt,
            lat, lon, accuracy_m, place_source, reporter, receipt_mac, exercise, channel, noted, ring_m, wave, last_wave,
            asks, pause_ms, desk_first, nr)
        JOIN categories k ON k.id = x.category LEFT JOIN stations s ON s.id = x.station
    ), asked AS MATERIALIZED (
        SELECT t_.*, t_.recipients = '{}' AND t_.last_wave AS nobody, t + make_interval(secs => t_.window_ms / 1000.0) AS deadline,
            CASE WHEN NOT t_.desk_first THEN 'nobody_near'
                WHEN t_.noted ? 'confirm' THEN 'to_confirm' ELSE 'desk_first' END AS why
        FROM (SELECT sent.*, CASE WHEN v_all_able AND skill IS NULL AND only_of IS NULL THEN candidates[:asks_max]
                ELSE eligible(candidates, skill, '{}', asks_max, only_of, t) END AS recipients FROM sent) t_
    ), kept AS (  -- the key decides: of the same report twice one is new
        INSERT INTO idempotency AS i (scope, key, request_hash, response)
        SELECT scope, key, hash, jsonb_build_object('case', id, 'station', station,
            'status', CASE WHEN nobody THEN 'at_station' ELSE 'offered' END)
        FROM asked ORDER BY scope, key, nr ON CONFLICT DO NOTHING RETURNING (i.response ->> 'case')::uuid AS id
    ), counted AS (
        SELECT a.*, row_number() OVER (PARTITION BY station ORDER BY nr) AS turn,
            jsonb_build_object('category', category, 'lat', lat, 'lon', lon, 'seats', seats, 'words',
                encode(sha256(salt || convert_to(words, 'UTF8')), 'hex'))
                || noted || CASE WHEN exercise THEN '{"exercise": true}'::jsonb ELSE '{}' END AS body_1
        FROM asked a JOIN kept USING (id)
    ), bumped AS (
        UPDATE streams s SET next_offset = next_offset + 2 * n.cases
        FROM (SELECT station, count(*) AS cases FROM counted GROUP BY station) n
        WHERE s.stream = n.station RETURNING s.stream, s.next_offset - 2 * n.cases AS base
    ), told AS (
        SELECT c.*, b.base + 2 * c.turn AS top, CASE WHEN nobody THEN 'sent_to_desk' ELSE 'offer_opened' END AS event,
            entry_hash('\x'::bytea, c.id, 1, 'received', c.reporter, NULL, v_us, c.body_1) AS head_1,
            CASE WHEN nobody THEN jsonb_build_object('reason', why) ELSE jsonb_build_object(
                'round', 1, 'wave', wave, 'ring_m', ring_m, 'window_ms', window_ms, 'asked', cardinality(recipients),
                'deadline_us', (extract(epoch FROM deadline) * 1000000)::bigint,
                'recipients', digest_of(recipients)) END AS body_2
        FROM counted c JOIN bumped b ON b.stream = c.station
    ), chained AS MATERIALIZED (
        SELECT told.*, entry_hash(head_1, id, 2, event, 'service', NULL, v_us, body_2) AS head_2 FROM told
    ), entered AS (
        INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, at, body, hash)
        SELECT station, top - 1, id, 1, 'received', reporter, t, body_1, head_1 FROM chained
        UNION ALL SELECT station, top, id, 2, event, 'service', t, body_2, head_2 FROM chained
    ), waved AS (
        INSERT INTO waves (case_id, seq, round, wave, recipients)
        SELECT id, 2, 1, wave, recipients FROM chained WHERE NOT nobody
    ), timed AS (
        INSERT INTO deadlines (case_id, kind, station, due_at, round, wave)
        SELECT id, 'window', station, deadline, 1, 0 FROM chained WHERE NOT nobody
        UNION ALL  -- everyone in this ring had just become busy: the next one is due at once
        SELECT id, 'wave', station, CASE WHEN recipients = '{}' THEN t
            ELSE t + make_interval(secs => wave_ms / 1000.0) END, 1, wave + 1 FROM chained WHERE NOT nobody AND NOT last_wave
        UNION ALL
        SELECT id, 'ack', station, ack_due(station, category, t), 0, 0
        FROM chained WHERE nobody
    ), made AS (
        INSERT INTO cases (id, station, category, words, words_salt, lat, lon, accuracy_m, place_source, reporter,
            receipt_mac, received_at, exercise, channel, seats, status, round, wave, offer_deadline, escalated_at, desk_reason,
            seq, head)
        SELECT id, station, category, words, salt, lat, lon, accuracy_m, place_source, reporter, receipt_mac, t, exercise,
            channel, seats, (SELECT next_status FROM legal l WHERE l.status = 'received' AND l.event = chained.event),
            CASE WHEN nobody THEN 0 ELSE 1 END, CASE WHEN nobody THEN 0 ELSE wave END,
            CASE WHEN nobody THEN NULL ELSE deadline END, CASE WHEN nobody THEN t END,
            CASE WHEN nobody THEN why END, 2, head_2
        FROM chained
    )
    SELECT (nr - 1)::integer, true, NULL::text, NULL::jsonb, event, top, v_us,
        (extract(epoch FROM clock_timestamp() - t) * 1000)::integer, seats, window_ms, accuracy_m::text::double precision,
        CASE WHEN nobody THEN why END, body_1, body_2,
        CASE WHEN cardinality(recipients) <> cardinality(candidates) THEN recipients END
    FROM chained;
    GET DIAGNOSTICS v_new = ROW_COUNT;
    IF v_new = cardinality(p_id) THEN RETURN; END IF;
    RETURN QUERY  -- keys that came before: their answers, read after ours are in
        SELECT (x.nr - 1)::integer, i.request_hash = x.hash,
            CASE WHEN i.request_hash = x.hash THEN 'again' ELSE 'key_reused' END,
            CASE WHEN i.request_hash = x.hash THEN i.response END, NULL::text, NULL::bigint, NULL::bigint, NULL::integer,
            NULL::integer, NULL::integer, NULL::double precision, NULL::text, NULL::jsonb, NULL::jsonb, NULL::uuid[]
        FROM unnest(p_id, p_scope, p_key, p_hash) WITH ORDINALITY AS x (id, scope, key, hash, nr), LATERAL (
            SELECT k.request_hash, k.response, k.xmin AS made FROM idempotency k WHERE k.scope = x.scope AND k.key = x.key OFFSET 0) i
        WHERE NOT (i.made = pg_current_xact_id()::xid AND (i.response ->> 'case')::uuid = x.id);
END $$;
