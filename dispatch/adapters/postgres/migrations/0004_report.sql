-- A report becomes a case, and an offer, in one call and one commit. Takes many: what arrives together.
-- Each element: idx, id, scope, key, hash (hex), station, category, words, salt (hex), lat, lon, accuracy_m,
-- place_source, reporter, receipt_mac (hex), exercise, candidates [uuid, nearest first], ring_m, wave,
-- last_wave (no wider ring is left). One row back for each, in any order.

CREATE TYPE answer AS (idx integer, ok boolean, reason text, response jsonb, facts jsonb, state jsonb, recipients uuid[]);

-- Those who may be asked, in the order given: on duty, a free slot, the skill, not declined or handed back.
CREATE FUNCTION eligible(p_candidates uuid[], p_skill text, p_except uuid[], p_max integer) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(id ORDER BY nr), '{}') FROM (
        SELECT o.id, u.nr FROM unnest(p_candidates) WITH ORDINALITY u (id, nr) JOIN officers o ON o.id = u.id
        WHERE o.on_duty AND o.held < o.slots AND (p_skill IS NULL OR p_skill = ANY (o.skills))
          AND NOT o.id = ANY (p_except)
        ORDER BY u.nr LIMIT p_max) e
$$;

-- Whom a wave asked, for the chain: provable later, readable by nobody.
CREATE FUNCTION digest_of(p_recipients uuid[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
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
CREATE FUNCTION set_deadline(c cases, p_kind text, p_due timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO deadlines (case_id, kind, station, due_at, round) VALUES (c.id, p_kind, c.station, p_due, c.round)
    ON CONFLICT (case_id, kind) DO UPDATE SET station = excluded.station, due_at = excluded.due_at, round = excluded.round
$$;

-- The case goes to the desk: its queue is a query, its acknowledgement a deadline.
CREATE FUNCTION to_desk(
    INOUT c cases, INOUT facts jsonb, p_event text, p_actor text, p_officer uuid, p_reason text, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    c.desk_reason := p_reason; c.escalated_at := p_t; c.acknowledged_at := NULL; c.acknowledged_by := NULL;
    SELECT a.* INTO r FROM append(c, facts, p_event, p_actor, p_officer, jsonb_build_object('reason', p_reason), p_t) a;
    c := r.c; facts := r.facts;
    PERFORM set_deadline(c, 'ack', p_t + make_interval(secs => coalesce(
        (SELECT ack_ms FROM categories WHERE id = c.category), limit_of('DESK_ACK_MS')) / 1000.0));
END $$;

-- One new case: its entries, its first wave, its window; or the desk at once where nobody is near.
CREATE FUNCTION report_one(x jsonb, p_t timestamptz) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE
    c cases; k categories; r record; facts jsonb := '[]'; a answer; v_window integer; v_response jsonb;
    v_to uuid[]; v_words text := x ->> 'words';
BEGIN
    SELECT * INTO k FROM categories WHERE id = x ->> 'category';
    v_to := eligible(ARRAY(SELECT jsonb_array_elements_text(x -> 'candidates')::uuid), k.skill, '{}',
                     limit_of('STATION_RECIPIENTS_MAX'));
    c.id := (x ->> 'id')::uuid; c.station := x ->> 'station'; c.category := k.id; c.words := v_words;
    c.words_salt := decode(x ->> 'salt', 'hex'); c.lat := (x ->> 'lat')::float8; c.lon := (x ->> 'lon')::float8;
    c.accuracy_m := (x ->> 'accuracy_m')::real; c.place_source := x ->> 'place_source'; c.reporter := x ->> 'reporter';
    c.receipt_mac := decode(x ->> 'receipt_mac', 'hex'); c.received_at := p_t; c.seats := k.seats;
    c.exercise := coalesce((x ->> 'exercise')::boolean, false);
    c.status := 'received'; c.round := 0; c.wave := 0; c.fence := 0; c.declined := '{}'; c.handed_back := '{}';
    c.alarms := 0; c.seq := 0; c.head := '\x'::bytea;
    SELECT q.* INTO r FROM append(c, facts, 'received', x ->> 'reporter', NULL, jsonb_build_object(
        'category', c.category, 'lat', c.lat, 'lon', c.lon, 'seats', c.seats,
        'words', encode(sha256(c.words_salt || convert_to(v_words, 'UTF8')), 'hex')), p_t) q;
    c := r.c; facts := r.facts;
    IF v_to = '{}' AND (x ->> 'last_wave')::boolean THEN
        SELECT q.* INTO r FROM to_desk(c, facts, 'sent_to_desk', 'service', NULL, 'nobody_near', p_t) q;
        c := r.c; facts := r.facts;
    ELSE
        v_window := coalesce(k.window_ms, limit_of('OFFER_WINDOW_MS'));
        c.round := 1; c.wave := (x ->> 'wave')::integer;
        c.offer_deadline := p_t + make_interval(secs => v_window / 1000.0);
        SELECT q.* INTO r FROM append(c, facts, 'offer_opened', 'service', NULL, jsonb_build_object(
            'round', 1, 'wave', c.wave, 'ring_m', x -> 'ring_m', 'window_ms', v_window, 'asked', cardinality(v_to),
            'deadline_us', (extract(epoch FROM c.offer_deadline) * 1000000)::bigint,
            'recipients', digest_of(v_to)), p_t) q;
        c := r.c; facts := r.facts;
        -- Everyone in this ring had just become busy: the next one is due at once.
        PERFORM put_wave(c, v_to, (x ->> 'last_wave')::boolean, CASE WHEN v_to = '{}' THEN 0
            ELSE coalesce(k.wave_ms, limit_of('WAVE_INTERVAL_MS')) END, p_t);
        PERFORM set_deadline(c, 'window', c.offer_deadline);
    END IF;
    INSERT INTO cases SELECT (c).*;
    v_response := jsonb_build_object('case', c.id, 'station', c.station, 'status', c.status);
    UPDATE idempotency SET response = v_response WHERE scope = x ->> 'scope' AND key = x ->> 'key';
    a := ((x ->> 'idx')::integer, true, NULL, v_response, facts, state_of(c), v_to);
    RETURN a;
END $$;

-- All that arrived together. The key decides: the same report again hears the same answer.
CREATE FUNCTION report_cases(p jsonb) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE x jsonb; i idempotency; t timestamptz; a answer;
BEGIN
    -- ascending order everywhere, so that two batches never wait for each other in a ring
    PERFORM 1 FROM streams WHERE stream IN (SELECT e ->> 'station' FROM jsonb_array_elements(p) e)
        ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    FOR x IN SELECT e FROM jsonb_array_elements(p) e ORDER BY e ->> 'scope', e ->> 'key' LOOP
        INSERT INTO idempotency (scope, key, request_hash)
        VALUES (x ->> 'scope', x ->> 'key', decode(x ->> 'hash', 'hex')) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            a := report_one(x, t);
        ELSE
            SELECT * INTO i FROM idempotency WHERE scope = x ->> 'scope' AND key = x ->> 'key';
            IF i.request_hash = decode(x ->> 'hash', 'hex') THEN
                a := ((x ->> 'idx')::integer, true, 'again', i.response, '[]'::jsonb, NULL, NULL);
            ELSE
                a := ((x ->> 'idx')::integer, false, 'key_reused', NULL, '[]'::jsonb, NULL, NULL);
            END IF;
        END IF;
        RETURN NEXT a;
    END LOOP;
END $$;
