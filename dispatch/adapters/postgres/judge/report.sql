-- A report becomes a case, and an offer, in one call and one commit. Takes many: what arrives together.
-- Each element: idx, id, scope, key, hash (hex), station, category, words, salt (hex), lat, lon, accuracy_m,
-- place_source, reporter, receipt_mac (hex), exercise, candidates [uuid, nearest first], ring_m, wave,
-- last_wave (no wider ring is left), asks (null: all of them), pause_ms (until the next wave; null: the category's),
-- desk_first (nobody is asked: the desk decides), channel, noted (joins the first entry). One row back for each, in any
-- order.

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

-- The reports whose keys are new, all steps for all of them at once: a loop over cases costs four times as much.
-- The caller holds the locks of their streams. A key that came before (or twice in `p`) has no row here.
CREATE FUNCTION report_new(p jsonb, p_t timestamptz) RETURNS SETOF answer LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY WITH asked AS MATERIALIZED (
        SELECT x.*, k.seats, k.ack_ms, coalesce(k.window_ms, limit_of('OFFER_WINDOW_MS')) AS window_ms,
            coalesce(x.pause_ms, k.wave_ms, limit_of('WAVE_INTERVAL_MS')) AS wave_ms,
            eligible(x.candidates, k.skill, '{}', coalesce(x.asks, limit_of('STATION_RECIPIENTS_MAX')),
                CASE WHEN s.cross_border = 'own' THEN s.id END, p_t) AS recipients,
            (extract(epoch FROM p_t) * 1000000)::bigint AS us,
            row_number() OVER (PARTITION BY x.scope, x.key ORDER BY x.idx) AS turn
        FROM jsonb_to_recordset(p) AS x (
            idx integer, id uuid, scope text, key text, hash text, station text, category text, words text, salt text,
            lat double precision, lon double precision, accuracy_m real, place_source text, reporter text,
            receipt_mac text, exercise boolean, candidates uuid[], ring_m integer, wave integer, last_wave boolean,
            asks integer, pause_ms integer, desk_first boolean, channel text, noted jsonb)
        JOIN categories k ON k.id = x.category LEFT JOIN stations s ON s.id = x.station
    ), kept AS (
        INSERT INTO idempotency (scope, key, request_hash, response)
        SELECT scope, key, decode(hash, 'hex'), jsonb_build_object('case', id, 'station', station,
            'status', CASE WHEN recipients = '{}' AND last_wave THEN 'at_station' ELSE 'offered' END)
        FROM asked WHERE turn = 1 ORDER BY scope, key ON CONFLICT DO NOTHING RETURNING scope, key, response
    ), fresh AS (
        SELECT a.*, kept.response, a.recipients = '{}' AND a.last_wave AS nobody,
            CASE WHEN a.desk_first THEN 'desk_first' ELSE 'nobody_near' END AS why
        FROM asked a JOIN kept USING (scope, key) WHERE a.turn = 1
    ), counted AS (
        SELECT f.*, row_number() OVER (PARTITION BY station ORDER BY idx) AS nr,
            p_t + make_interval(secs => window_ms / 1000.0) AS deadline,
            jsonb_build_object('category', category, 'lat', lat, 'lon', lon, 'seats', seats, 'words',
                encode(sha256(decode(salt, 'hex') || convert_to(words, 'UTF8')), 'hex'))
                || coalesce(noted, '{}') || CASE WHEN exercise THEN '{"exercise": true}'::jsonb ELSE '{}' END AS body_1
        FROM fresh f
    ), bumped AS (
        UPDATE streams s SET next_offset = next_offset + 2 * n.cases
        FROM (SELECT station, count(*) AS cases FROM counted GROUP BY station) n
        WHERE s.stream = n.station RETURNING s.stream, s.next_offset - 2 * n.cases AS base
    ), told AS (
        SELECT c.*, b.base + 2 * c.nr AS top, CASE WHEN nobody THEN 'sent_to_desk' ELSE 'offer_opened' END AS event,
            entry_hash('\x'::bytea, c.id, 1, 'received', c.reporter, NULL, c.us, c.body_1) AS head_1,
            CASE WHEN nobody THEN jsonb_build_object('reason', why) ELSE jsonb_build_object(
                'round', 1, 'wave', wave, 'ring_m', ring_m, 'window_ms', window_ms, 'asked', cardinality(recipients),
                'deadline_us', (extract(epoch FROM deadline) * 1000000)::bigint,
                'recipients', digest_of(recipients)) END AS body_2
        FROM counted c JOIN bumped b ON b.stream = c.station
    ), chained AS MATERIALIZED (
        SELECT t.*, entry_hash(head_1, id, 2, event, 'service', NULL, us, body_2) AS head_2 FROM told t
    ), entered AS (
        INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, at, body, hash)
        SELECT station, top - 1, id, 1, 'received', reporter, p_t, body_1, head_1 FROM chained
        UNION ALL SELECT station, top, id, 2, event, 'service', p_t, body_2, head_2 FROM chained
    ), waved AS (
        INSERT INTO waves (case_id, seq, round, wave, recipients)
        SELECT id, 2, 1, wave, recipients FROM chained WHERE NOT nobody
    ), timed AS (
        INSERT INTO deadlines (case_id, kind, station, due_at, round, wave)
        SELECT id, 'window', station, deadline, 1, 0 FROM chained WHERE NOT nobody
        UNION ALL  -- everyone in this ring had just become busy: the next one is due at once
        SELECT id, 'wave', station, CASE WHEN recipients = '{}' THEN p_t
            ELSE p_t + make_interval(secs => wave_ms / 1000.0) END, 1, wave + 1 FROM chained WHERE NOT nobody AND NOT last_wave
        UNION ALL
        SELECT id, 'ack', station, ack_due(station, category, p_t), 0, 0
        FROM chained WHERE nobody
    ), made AS (
        INSERT INTO cases AS c (id, station, category, words, words_salt, lat, lon, accuracy_m, place_source, reporter,
            receipt_mac, received_at, exercise, channel, seats, status, round, wave, offer_deadline, escalated_at, desk_reason,
            seq, head)
        SELECT id, station, category, words, decode(salt, 'hex'), lat, lon, accuracy_m, place_source, reporter,
            decode(receipt_mac, 'hex'), p_t, coalesce(exercise, false), coalesce(channel, 'web'), seats,
            (SELECT next_status FROM legal l WHERE l.status = 'received' AND l.event = chained.event),
            CASE WHEN nobody THEN 0 ELSE 1 END, CASE WHEN nobody THEN 0 ELSE wave END,
            CASE WHEN nobody THEN NULL ELSE deadline END, CASE WHEN nobody THEN p_t END,
            CASE WHEN nobody THEN why END, 2, head_2
        FROM chained RETURNING c.id, state_of(c) AS state
    )
    SELECT h.idx, true, NULL::text, h.response, jsonb_build_array(
            jsonb_build_object('stream', h.station, 'offset', h.top - 1, 'case', h.id, 'seq', 1, 'kind', 'received',
                'actor', h.reporter, 'officer', NULL, 'at_us', h.us, 'body', h.body_1),
            jsonb_build_object('stream', h.station, 'offset', h.top, 'case', h.id, 'seq', 2, 'kind', h.event,
                'actor', 'service', 'officer', NULL, 'at_us', h.us, 'body', h.body_2)), m.state, h.recipients
    FROM chained h JOIN made m USING (id);
END $$;

-- All that arrived together. The key decides: the same report again hears the same answer.
CREATE FUNCTION report_cases(p jsonb) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE a answer; v_new integer[] := '{}';
BEGIN
    -- ascending order everywhere, so that two batches never wait for each other in a ring
    PERFORM 1 FROM streams WHERE stream IN (SELECT e ->> 'station' FROM jsonb_array_elements(p) e)
        ORDER BY stream FOR NO KEY UPDATE;
    FOR a IN SELECT * FROM report_new(p, clock_timestamp()) LOOP
        v_new := v_new || a.idx;
        RETURN NEXT a;
    END LOOP;
    RETURN QUERY  -- keys that came before: their answers, read after ours are in
        SELECT x.idx, i.request_hash = decode(x.hash, 'hex'),
            CASE WHEN i.request_hash = decode(x.hash, 'hex') THEN 'again' ELSE 'key_reused' END,
            CASE WHEN i.request_hash = decode(x.hash, 'hex') THEN i.response END, '[]'::jsonb, NULL::jsonb, NULL::uuid[]
        FROM jsonb_to_recordset(p) AS x (idx integer, scope text, key text, hash text)
        JOIN idempotency i USING (scope, key) WHERE NOT x.idx = ANY (v_new);
END $$;
