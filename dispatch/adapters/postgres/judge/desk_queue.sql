-- A case in a desk's queue: who is on shift there, until when it is quiet, to whom it falls or is handed over.

-- Is somebody on shift at this station's desk? A shift that is older than a session can be counts no more.
CREATE FUNCTION staffed(p_station text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM desk_shifts d WHERE d.station = p_station
        AND d.since > clock_timestamp() - make_interval(secs => limit_of('DESK_SHIFT_S')))
$$;

-- Whose desk works this station's cases now: its own while it is staffed, or falls to none; else the next staffed one
-- along falls_to; else the catch-all.
CREATE FUNCTION desk_for(p_station text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE v_at text := p_station;
BEGIN
    IF (SELECT s.falls_to FROM stations s WHERE s.id = p_station) IS NULL OR staffed(p_station) THEN RETURN p_station; END IF;
    FOR n IN 1 .. limit_of('FALLS_MAX') LOOP  -- bounded, so a ring of stations ends too
        v_at := (SELECT s.falls_to FROM stations s WHERE s.id = v_at);
        EXIT WHEN v_at IS NULL;
        IF staffed(v_at) THEN RETURN v_at; END IF;
    END LOOP;
    RETURN coalesce((SELECT s.id FROM stations s WHERE s.catch_all), p_station);
END $$;

-- When the queue's timer of a case is due: after the time to acknowledge; at once where the case has to fall elsewhere.
CREATE FUNCTION ack_due(p_station text, p_category text, p_t timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF desk_for(p_station) <> p_station THEN RETURN p_t; END IF;
    RETURN p_t + make_interval(secs => coalesce(
        (SELECT ack_ms FROM categories WHERE id = p_category), limit_of('DESK_ACK_MS')) / 1000.0);
END $$;

-- The case stands in the queue anew: nobody has acknowledged it, no alarm was raised, and the desk has its 20 s.
CREATE FUNCTION queued(INOUT c cases, p_reason text, p_t timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    c.desk_reason := p_reason; c.escalated_at := p_t; c.acknowledged_at := NULL; c.acknowledged_by := NULL; c.alarms := 0;
    PERFORM set_deadline(c, 'ack', ack_due(c.station, c.category, p_t));
END $$;

-- What is settled, without the hold: nobody waits for that time any more. An offer without an answer has lapsed.
CREATE FUNCTION unheld(p_desk jsonb, p_lapse boolean) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_lapse AND p_desk #>> '{appointment,answer}' = 'offered'
        THEN jsonb_set(p_desk - 'until_us', '{appointment,answer}', '"lapsed"') ELSE p_desk - 'until_us' END
$$;

-- Quiet until then: somebody has decided so.
CREATE FUNCTION quiet(INOUT c cases, p_by uuid, p_until timestamptz, p_settled jsonb, p_t timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    c.acknowledged_at := coalesce(c.acknowledged_at, p_t); c.acknowledged_by := p_by;
    c.desk := coalesce(c.desk, '{}') || jsonb_build_object('until_us', us_of(p_until)) || p_settled;
    PERFORM set_deadline(c, 'ack', p_until);
END $$;

-- Until when the case is put off; null: it is not. Whoever was kept on a seat may leave before, and the desk sees it anew.
CREATE FUNCTION until_of(c cases) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT 'epoch'::timestamptz + (c.desk ->> 'until_us')::bigint * interval '1 microsecond'
$$;

-- Acknowledged: nobody is reminded, but of what was put off, when its time comes.
CREATE FUNCTION seen_by_desk(c cases) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF until_of(c) IS NULL THEN
        DELETE FROM deadlines WHERE case_id = c.id AND kind = 'ack';
    ELSE
        PERFORM set_deadline(c, 'ack', until_of(c));
    END IF;
END $$;

-- Whole microseconds since 1970.
CREATE FUNCTION us_of(p_at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM p_at) * 1000000)::bigint
$$;

-- Put off, an appointment offered or answered.
CREATE FUNCTION apply_queue_act(INOUT c cases, INOUT facts jsonb, x jsonb, p_actor text, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := x ->> 'event'; v_body jsonb := jsonb_build_object('reason', x -> 'reason');
    v_from timestamptz := p_t + make_interval(mins => (x ->> 'hold_min')::integer);
    v_to timestamptz := v_from + make_interval(mins => (x ->> 'lasts_min')::integer);
BEGIN
    IF v_event = 'put_on_hold' THEN
        c := quiet(c, (x ->> 'actor_id')::uuid, v_from, '{}', p_t);
        v_body := v_body || jsonb_build_object('deadline_us', us_of(v_from));
    ELSIF v_event = 'appointment_offered' THEN
        c := quiet(c, (x ->> 'actor_id')::uuid, v_from, jsonb_build_object('appointment', jsonb_build_object(
            'begins_us', us_of(v_from), 'ends_us', us_of(v_to), 'answer', 'offered')), p_t);
        v_body := v_body || jsonb_build_object('deadline_us', us_of(v_from), 'ends_us', us_of(v_to));
    ELSE
        c.desk := jsonb_set(c.desk, '{appointment,answer}', to_jsonb(replace(v_event, 'appointment_', '')));
    END IF;
    SELECT q.* INTO r FROM append(c, facts, v_event, p_actor, NULL, jsonb_strip_nulls(v_body), p_t) q;
    c := r.c; facts := r.facts;
    IF v_event = 'appointment_declined' THEN
        c.desk := c.desk - 'until_us';
        c := queued(c, 'appointment_declined', p_t);
    END IF;
END $$;

-- From one station's desk to another's: an entry in the stream of each. The caller holds both streams.
CREATE FUNCTION hand_over(
    INOUT c cases, INOUT facts jsonb, p_to text, p_actor text, p_reason text, p_why jsonb, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record; v_from text := c.station;
BEGIN
    SELECT q.* INTO r FROM append(c, facts, 'handed_over', p_actor, NULL, jsonb_strip_nulls(
        jsonb_build_object('to', p_to, 'reason', p_why)), p_t) q;
    c := r.c; facts := r.facts;
    c.station := p_to; c.desk := unheld(c.desk, true) - 'owner';
    SELECT q.* INTO r FROM append(c, facts, 'came_over', p_actor, NULL, jsonb_strip_nulls(
        jsonb_build_object('from', v_from, 'reason', p_why)), p_t) q;
    c := r.c; facts := r.facts;
    UPDATE deadlines SET station = p_to WHERE case_id = c.id;
    c := queued(c, p_reason, p_t);
END $$;

-- The queue's timer of a case fires at p_t: what was put off is due again; where nobody is on shift it falls to p_to;
-- else an alarm, and the next one is set. No entry where nothing is to be done.
CREATE FUNCTION ring(INOUT c cases, OUT facts jsonb, p_to text, p_t timestamptz) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    facts := '[]';
    IF c.desk ? 'until_us' AND (c.acknowledged_at IS NOT NULL OR c.alarms >= limit_of('ALARMS_MAX')) THEN
        c.desk := unheld(c.desk, true);
        SELECT q.* INTO r FROM append(c, facts, 'woken', 'service', NULL, '{}', p_t) q;
        c := r.c; facts := r.facts;
        c := queued(c, 'hold_over', p_t);
    ELSIF c.acknowledged_at IS NOT NULL THEN RETURN;
    ELSIF p_to <> c.station THEN
        SELECT q.* INTO r FROM hand_over(c, facts, p_to, 'service', 'unstaffed', '"unstaffed"', p_t) q;
        c := r.c; facts := r.facts;
    ELSIF c.alarms < limit_of('ALARMS_MAX') THEN
        c.alarms := c.alarms + 1;
        SELECT q.* INTO r FROM append(c, facts, 'alarm_raised', 'service', NULL, jsonb_build_object('nr', c.alarms), p_t) q;
        c := r.c; facts := r.facts;
        PERFORM set_deadline(c, 'ack', greatest(  -- the last one; what was put off wakes somebody all the same
            ack_due(c.station, c.category, p_t), CASE WHEN c.alarms >= limit_of('ALARMS_MAX') THEN until_of(c) END));
    END IF;
END $$;

-- On or off shift at a desk: account, station, on, and a key with its hash (hex) under which the answer is kept.
CREATE FUNCTION set_desk_shift(x jsonb) RETURNS answer LANGUAGE plpgsql AS $$
DECLARE i idempotency; a answer; v_offset bigint; t timestamptz; v_account uuid := (x ->> 'account')::uuid;
    v_station text := x ->> 'station'; v_scope text := 'account:' || (x ->> 'account'); v_on boolean := (x ->> 'on')::boolean;
    v_body jsonb := jsonb_build_object('on', v_on); v_hash bytea := decode(x ->> 'hash', 'hex');
BEGIN
    PERFORM 1 FROM accounts WHERE id = v_account FOR NO KEY UPDATE;
    PERFORM 1 FROM streams WHERE stream = v_station FOR NO KEY UPDATE;
    t := clock_timestamp();
    SELECT * INTO i FROM idempotency WHERE scope = v_scope AND key = x ->> 'key';
    IF i.key IS NOT NULL THEN
        RETURN CASE WHEN i.request_hash <> v_hash THEN (0, false, 'key_reused', NULL, '[]'::jsonb, NULL, NULL)::answer
            ELSE (0, true, NULL, i.response, '[]'::jsonb, NULL, NULL)::answer END;
    END IF;
    IF v_on THEN
        INSERT INTO desk_shifts (account, station, since) VALUES (v_account, v_station, t)
        ON CONFLICT (account) DO UPDATE SET station = excluded.station, since = excluded.since;
    ELSE
        DELETE FROM desk_shifts WHERE account = v_account;
    END IF;
    UPDATE streams SET next_offset = next_offset + 1 WHERE stream = v_station RETURNING next_offset INTO v_offset;
    INSERT INTO events (stream, stream_offset, kind, actor, at, body)
    VALUES (v_station, v_offset, 'desk_shift', 'desk:' || v_account, t, v_body);
    a := (0, true, NULL, jsonb_build_object('ok', true), jsonb_build_array(jsonb_build_object(
        'stream', v_station, 'offset', v_offset, 'kind', 'desk_shift', 'actor', 'desk:' || v_account,
        'at_us', us_of(t), 'body', v_body)), NULL, NULL);
    INSERT INTO idempotency (scope, key, request_hash, response) VALUES (v_scope, x ->> 'key', v_hash, a.response);
    RETURN a;
END $$;
