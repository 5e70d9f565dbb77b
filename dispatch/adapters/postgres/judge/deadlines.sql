-- What is due. Sweepers are equal and any number: a row that one has locked is met again in the next tick.

-- Stations with something due, so that each is swept in a transaction of its own.
CREATE FUNCTION due_stations() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE t timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY SELECT DISTINCT d.station FROM deadlines d WHERE d.kind COLLATE "C" IN ('window', 'ack', 'check_in')
        AND d.due_at <= t;
END $$;

-- Windows that ran out, of one station: each case goes to the desk. Never early: judged again after the lock.
CREATE FUNCTION fire_window(p_station text, p_limit integer) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE c cases; r record; a answer; due timestamptz := clock_timestamp(); t timestamptz; ready cases[];
BEGIN
    SELECT coalesce(array_agg(l.k), '{}') INTO ready FROM (
        SELECT k FROM cases k WHERE k.id = ANY (ARRAY(  -- by an array: a join with what is due might read all cases
            SELECT d.case_id FROM deadlines d WHERE d.kind COLLATE "C" = 'window' AND d.due_at <= due AND d.station = p_station
            ORDER BY d.due_at LIMIT p_limit))
        ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED) l;
    IF ready = '{}' THEN RETURN; END IF;
    PERFORM 1 FROM streams WHERE stream IN (SELECT station FROM unnest(ready)) ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    DELETE FROM deadlines d WHERE d.kind IN ('window', 'wave') AND d.case_id = ANY (ARRAY(
        SELECT k.id FROM unnest(ready) k WHERE NOT (k.status = 'offered' AND k.offer_deadline > t)));
    FOREACH c IN ARRAY ready LOOP
        CONTINUE WHEN c.status <> 'offered' OR t < c.offer_deadline;  -- answered, or offered anew: harmless
        SELECT q.* INTO r FROM to_desk(c, '[]'::jsonb, 'fell_back', 'service', NULL, 'window_closed', t) q;
        c := r.c;
        PERFORM save(c);
        a := (0, true, NULL, NULL, r.facts, state_of(c), NULL);
        RETURN NEXT a;
    END LOOP;
END $$;

-- Timers of the desks' queues, of one station: woken, fallen to a station that is staffed, or an alarm each. To whom they
-- fall is read before the streams are locked, all at once and in their order.
CREATE FUNCTION fire_ack(p_station text, p_limit integer) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE c cases; r record; a answer; due timestamptz := clock_timestamp(); t timestamptz; ready cases[];
    v_to text := desk_for(p_station);
BEGIN
    SELECT coalesce(array_agg(l.k), '{}') INTO ready FROM (
        SELECT k FROM cases k WHERE k.id = ANY (ARRAY(
            SELECT d.case_id FROM deadlines d WHERE d.kind COLLATE "C" = 'ack' AND d.due_at <= due AND d.station = p_station
            ORDER BY d.due_at LIMIT p_limit))
        ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED) l;
    IF ready = '{}' THEN RETURN; END IF;
    PERFORM 1 FROM streams WHERE stream IN (p_station, v_to) ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    FOREACH c IN ARRAY ready LOOP
        CONTINUE WHEN c.station <> p_station;  -- handed over meanwhile: its timer is the other station's
        DELETE FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'ack' AND d.due_at <= t;
        CONTINUE WHEN NOT FOUND OR c.status <> 'at_station';  -- another sweeper was first, or it left the queue
        SELECT q.* INTO r FROM ring(c, v_to, t) q;
        CONTINUE WHEN r.facts = '[]';
        c := r.c;
        PERFORM save(c);
        a := (0, true, NULL, NULL, r.facts, state_of(c), NULL);
        RETURN NEXT a;
    END LOOP;
END $$;

-- Officers on scene whose sign of life is due, or overdue.
CREATE FUNCTION fire_check_in(p_station text, p_limit integer) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE c cases; r record; a answer; due timestamptz := clock_timestamp(); t timestamptz; ready cases[]; v_nr integer;
BEGIN
    SELECT coalesce(array_agg(l.k), '{}') INTO ready FROM (
        SELECT k FROM cases k WHERE k.id = ANY (ARRAY(
            SELECT d.case_id FROM deadlines d WHERE d.kind COLLATE "C" = 'check_in' AND d.due_at <= due AND d.station = p_station
            ORDER BY d.due_at LIMIT p_limit))
        ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED) l;
    IF ready = '{}' THEN RETURN; END IF;
    PERFORM 1 FROM streams WHERE stream IN (SELECT station FROM unnest(ready)) ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    FOREACH c IN ARRAY ready LOOP
        DELETE FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'check_in' AND d.due_at <= t RETURNING d.wave INTO v_nr;
        CONTINUE WHEN NOT FOUND;  -- another sweeper was first
        SELECT q.* INTO r FROM fire_check_in_of(c, '[]'::jsonb, v_nr, t) q;
        CONTINUE WHEN r.facts = '[]';
        c := r.c;
        PERFORM save(c);
        a := (0, true, NULL, NULL, r.facts, state_of(c), NULL);
        RETURN NEXT a;
    END LOOP;
END $$;

-- Waves that are due: what a sweeper needs to find the next recipients. It holds nothing while it looks.
CREATE FUNCTION due_waves(p_limit integer) RETURNS TABLE (
    case_id uuid, station text, category text, round integer, wave integer, lat double precision, lon double precision,
    received_us bigint, asked uuid[]
) LANGUAGE plpgsql AS $$
DECLARE t timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY SELECT c.id, c.station, c.category, d.round, d.wave, c.lat, c.lon,
            (extract(epoch FROM c.received_at) * 1000000)::bigint, ARRAY(
            SELECT u FROM waves w, unnest(w.recipients) u WHERE w.case_id = c.id AND w.round = c.round)
        FROM deadlines d, LATERAL (  -- from what is due to its case: never through all open cases, however few they seem
            SELECT k.* FROM cases k WHERE k.id = d.case_id OFFSET 0) c
        WHERE d.kind COLLATE "C" = 'wave' AND d.due_at <= t AND c.status = 'offered' AND c.round = d.round AND c.offer_deadline > t
        ORDER BY d.due_at LIMIT p_limit;
END $$;

-- A wave that found nobody: the next one is due after its pause (at once when nobody is left who could answer), or none
-- is left. Turns go on while somebody might answer: whoever comes meanwhile has one.
CREATE FUNCTION pass_wave(c cases, x jsonb, p_t timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF x ->> 'event' = 'offer_joined' THEN RETURN; END IF;
    IF (x ->> 'last_wave')::boolean AND (x ->> 'asks' IS NULL OR all_answered(c)) THEN
        DELETE FROM deadlines WHERE case_id = c.id AND kind = 'wave';
    ELSE
        UPDATE deadlines SET wave = wave + 1, due_at = CASE WHEN all_answered(c) THEN p_t
            ELSE p_t + make_interval(secs => pause_of(c, x) / 1000.0) END
        WHERE case_id = c.id AND kind = 'wave';
    END IF;
END $$;

-- More officers are asked. Elements: case, event (offer_widened or offer_joined), round, wave, ring, ring_m,
-- last_wave, candidates, asks and pause_ms as in a report. Whoever was asked before in this round is not asked again; a wave that finds nobody only moves
-- on, and after the widest the case goes to the desk when everyone has answered.
CREATE FUNCTION widen_offers(p jsonb) RETURNS SETOF answer LANGUAGE plpgsql AS $$
DECLARE x jsonb; c cases; r record; t timestamptz; v_to uuid[]; a answer; facts jsonb; v_joined boolean;
    v_cases uuid[] := ARRAY(SELECT (e ->> 'case')::uuid FROM jsonb_array_elements(p) e);
BEGIN
    PERFORM 1 FROM cases WHERE id = ANY (v_cases) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM streams WHERE stream IN (SELECT k.station FROM cases k WHERE k.id = ANY (v_cases))
        ORDER BY stream FOR NO KEY UPDATE;
    t := clock_timestamp();
    FOR x IN SELECT e FROM jsonb_array_elements(p) e LOOP
        SELECT * INTO c FROM cases WHERE id = (x ->> 'case')::uuid;
        v_joined := x ->> 'event' = 'offer_joined';
        CONTINUE WHEN c.id IS NULL OR c.status <> 'offered' OR t >= c.offer_deadline OR c.round <> (x ->> 'round')::integer
            OR NOT v_joined AND NOT EXISTS (SELECT FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'wave'
                AND d.round = c.round AND d.wave = (x ->> 'wave')::integer);  -- another sweeper was first
        v_to := eligible_for(c, x, c.handed_back || ARRAY(
            SELECT u FROM waves w, unnest(w.recipients) u WHERE w.case_id = c.id AND w.round = c.round), t);
        IF v_to = '{}' THEN
            PERFORM pass_wave(c, x, t);
            IF NOT v_joined AND (x ->> 'last_wave')::boolean AND all_answered(c) THEN
                SELECT q.* INTO r FROM to_desk(c, '[]'::jsonb, 'sent_to_desk', 'service', NULL, CASE WHEN EXISTS (
                    SELECT FROM waves w WHERE w.case_id = c.id AND w.round = c.round AND w.recipients <> '{}')
                    THEN 'all_declined' ELSE 'nobody_near' END, t) q;
                c := r.c;
                PERFORM save(c);
                a := (0, true, NULL, NULL, r.facts, state_of(c), NULL);
                RETURN NEXT a;
            END IF;
            CONTINUE;
        END IF;
        IF NOT v_joined THEN c.wave := (x ->> 'ring')::integer; END IF;
        SELECT q.* INTO r FROM append(c, '[]'::jsonb, x ->> 'event', 'service', NULL, jsonb_build_object(
            'round', c.round, 'wave', c.wave, 'ring_m', x -> 'ring_m', 'asked', cardinality(v_to),
            'recipients', digest_of(v_to)), t) q;
        c := r.c; facts := r.facts;
        IF v_joined THEN
            INSERT INTO waves (case_id, seq, round, wave, recipients) VALUES (c.id, c.seq, c.round, c.wave, v_to);
        ELSE
            PERFORM put_wave(c, v_to, (x ->> 'last_wave')::boolean, pause_of(c, x), t);
        END IF;
        PERFORM save(c);
        a := (0, true, NULL, NULL, facts, state_of(c), v_to);
        RETURN NEXT a;
    END LOOP;
END $$;
