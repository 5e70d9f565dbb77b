-- The judge. Guards in the order of dispatch.cases.machine; the contract test compares both over every combination.
-- Lock order everywhere: officers, cases, streams; several of one kind in ascending id.

-- A number of dispatch.limits.
-- (What is called for every case is PL/pgSQL: it keeps its plans, which functions in SQL do from PostgreSQL 18 on only.)
CREATE FUNCTION limit_of(p_name text) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT value FROM limits WHERE name = p_name);
END $$;

-- Why this claim is refused at p_t, or null: granted.
CREATE FUNCTION judge_claim(c cases, o officers, p_round integer, p_t timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF c.status = 'cleared' THEN RETURN 'closed'; END IF;
    IF c.status IN ('withdrawn', 'merged') THEN RETURN c.status; END IF;
    IF c.claimed_by IS NOT NULL THEN  -- most cases are free, and a statement that is not begun costs nothing
        IF EXISTS (SELECT FROM assignments a WHERE a.case_id = c.id AND a.officer_id = o.id AND a.active) THEN
            RETURN 'already_held';
        END IF;
    END IF;
    IF p_round IS DISTINCT FROM c.round THEN RETURN 'stale_round'; END IF;
    IF NOT EXISTS (
        SELECT FROM waves w WHERE w.case_id = c.id AND w.round = c.round AND o.id = ANY (w.recipients)
    ) THEN RETURN 'not_offered'; END IF;
    IF c.status = 'at_station' THEN RETURN 'at_desk'; END IF;
    IF c.status IN ('claimed', 'en_route', 'on_scene') THEN RETURN 'taken'; END IF;
    IF c.status <> 'offered' THEN RETURN 'not_offered'; END IF;
    IF p_t >= c.offer_deadline THEN RETURN 'late'; END IF;
    IF o.id = ANY (c.declined) THEN RETURN 'declined'; END IF;
    IF o.id = ANY (c.handed_back) THEN RETURN 'handed_back'; END IF;
    IF NOT o.on_duty THEN RETURN 'off_duty'; END IF;
    IF o.held >= o.slots THEN RETURN 'no_slot'; END IF;
    RETURN NULL;
END $$;

-- What an act really causes, where that depends on how the case stands.
CREATE FUNCTION resolved_event(c cases, p_event text, p_recipients uuid[], p_officer uuid) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_event = 'handed_back' AND c.status = 'on_scene' THEN resolved_from_a_scene(c, p_officer)
                WHEN p_event = 'handed_back' THEN resolved_hand_back(c, p_recipients)
                WHEN p_event = 'officer_taken_back' AND ARRAY(
                    SELECT a.officer_id FROM assignments a WHERE a.case_id = c.id AND a.active) = ARRAY[p_officer]
                    THEN 'last_taken_back'
                ELSE resolved_leaving(c, p_event, p_recipients) END
$$;

-- May this officer set out, or arrive? Once others are on the way or there, each once. Twin of dispatch.cases.going.
CREATE FUNCTION judge_going(c cases, o officers, p_event text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF c.status = 'claimed' THEN RETURN NULL; END IF;
    RETURN (SELECT CASE WHEN a.state = 'on_scene' OR p_event = 'set_out' AND a.state = 'en_route' THEN 'illegal' END
        FROM assignments a WHERE a.case_id = c.id AND a.officer_id = o.id AND a.active);
END $$;

-- Why this act is refused at p_t, or null: allowed. `o`: the acting officer, or the one the desk sends.
CREATE FUNCTION judge_act(
    c cases, o officers, p_event text, p_actor text, p_fence integer, p_round integer, p_recipients uuid[],
    p_t timestamptz
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE g guards;
BEGIN
    SELECT * INTO g FROM guards WHERE event = p_event;
    IF g.event IS NULL OR NOT p_actor = ANY (g.actors) THEN RETURN 'not_yours'; END IF;
    IF c.status IN ('cleared', 'withdrawn', 'merged') AND NOT EXISTS (
        SELECT FROM legal l WHERE l.status = c.status AND l.event = p_event
    ) THEN RETURN CASE c.status WHEN 'merged' THEN 'merged' ELSE 'closed' END; END IF;
    IF g.fence AND p_actor = 'officer' AND NOT EXISTS (
        SELECT FROM assignments a
        WHERE a.case_id = c.id AND a.officer_id = o.id AND a.active AND a.fence = p_fence
    ) THEN RETURN 'stale_fence'; END IF;
    IF NOT EXISTS (
        SELECT FROM legal l WHERE l.status = c.status AND l.event = resolved_event(c, p_event, p_recipients, o.id)
    ) THEN RETURN 'illegal'; END IF;
    IF p_event = 'declined' THEN
        IF p_round IS DISTINCT FROM c.round THEN RETURN 'stale_round'; END IF;
        IF NOT EXISTS (
            SELECT FROM waves w WHERE w.case_id = c.id AND w.round = c.round AND o.id = ANY (w.recipients)
        ) THEN RETURN 'not_offered'; END IF;
        IF o.id = ANY (c.declined) THEN RETURN 'declined'; END IF;
    ELSIF p_event IN ('assigned', 'reassigned') THEN
        RETURN judge_sent(c, o, p_actor);
    ELSIF p_event IN ('check_in_asked', 'checked_in', 'check_in_missed') THEN RETURN judge_check_in(c, p_event, o.id);
    ELSIF p_event IN ('officer_added', 'officer_taken_back', 'reoffered', 'second_asked', 'woken', 'appointment_accepted',
        'appointment_declined') THEN
        RETURN judge_desk(c, o, p_event, p_actor, p_recipients, p_t);
    ELSIF p_event IN ('welfare_asked', 'welfare_answered') THEN
        RETURN judge_welfare(c, o, p_event);
    ELSIF p_event IN ('set_out', 'arrived') THEN RETURN judge_going(c, o, p_event);
    ELSIF p_event = 'cleared' AND p_actor IN ('desk', 'supervisor') AND EXISTS (
        SELECT FROM assignments a WHERE a.case_id = c.id AND a.active
    ) THEN RETURN 'not_yours';
    ELSIF p_event = 'cleared' AND p_actor = 'officer' AND NOT EXISTS (
        SELECT FROM assignments a WHERE a.case_id = c.id AND a.officer_id = o.id AND a.active AND a.state = 'on_scene'
    ) THEN
        RETURN 'illegal';  -- kept on a seat, or still on the way: who has not been there does not say how it ended
    ELSIF p_event = 'withdrawn' AND c.reports IS NOT NULL THEN RETURN 'joined';
    ELSIF p_event = 'acknowledged' AND c.acknowledged_at IS NOT NULL THEN RETURN 'illegal';
    ELSIF p_event = 'fell_back' AND (c.offer_deadline IS NULL OR p_t < c.offer_deadline) THEN RETURN 'illegal';
    END IF;
    RETURN NULL;
END $$;

-- The chain: each entry's hash covers the one before. `p_body` as PostgreSQL prints jsonb: the same on every version.
CREATE FUNCTION entry_hash(
    p_head bytea, p_case uuid, p_seq integer, p_event text, p_actor text, p_officer uuid, p_us bigint, p_body jsonb
) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(p_head || convert_to(concat_ws('|', p_case, p_seq, p_event, p_actor, p_officer, p_us, p_body), 'UTF8'))
$$;

-- The next entry of a case's chain: status by the table, hash over the one before, offset of its stream.
-- The caller has locked the case (or made it) and the stream, and saves the case once at the end.
CREATE FUNCTION append(
    INOUT c cases, INOUT facts jsonb, p_event text, p_actor text, p_officer uuid, p_body jsonb, p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE v_next text; v_offset bigint; v_us bigint := (extract(epoch FROM p_t) * 1000000)::bigint;
BEGIN
    IF p_event <> 'received' THEN
        SELECT next_status INTO v_next FROM legal WHERE status = c.status AND event = p_event;
        IF v_next IS NULL THEN
            RAISE EXCEPTION 'event % is not legal in %', p_event, c.status USING ERRCODE = 'OB001';
        END IF;
        c.status := v_next;
    END IF;
    c.seq := c.seq + 1;
    c.head := entry_hash(c.head, c.id, c.seq, p_event, p_actor, p_officer, v_us, p_body);
    UPDATE streams SET next_offset = next_offset + 1 WHERE stream = c.station RETURNING next_offset INTO v_offset;
    INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, officer, at, body, hash)
    VALUES (c.station, v_offset, c.id, c.seq, p_event, p_actor, p_officer, p_t, p_body, c.head);
    facts := facts || jsonb_build_object(
        'stream', c.station, 'offset', v_offset, 'case', c.id, 'seq', c.seq, 'kind', p_event, 'actor', p_actor,
        'officer', p_officer, 'at_us', v_us, 'body', p_body);
END $$;

-- The row as it became; identity, place and words never change.
CREATE FUNCTION save(c cases) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases SET
        station = c.station, status = c.status, round = c.round, wave = c.wave, fence = c.fence, seats = c.seats,
        offer_deadline = c.offer_deadline, declined = c.declined, handed_back = c.handed_back,
        claimed_by = c.claimed_by, claimed_at = c.claimed_at, escalated_at = c.escalated_at,
        desk_reason = c.desk_reason, acknowledged_by = c.acknowledged_by, acknowledged_at = c.acknowledged_at,
        alarms = c.alarms, closed_at = c.closed_at, disposition = c.disposition, seq = c.seq, head = c.head,
        desk = c.desk, ending = c.ending
    WHERE id = c.id;
END $$;

-- An officer on a seat, as far as others may know.
CREATE FUNCTION holder_json(a assignments, p_call_sign text, p_surname text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('officer', a.officer_id, 'call_sign', p_call_sign, 'surname', p_surname, 'seat', a.seat,
        'fence', a.fence, 'state', a.state, 'check_in', a.check_in, 'word', a.word, 'met', a.met_at IS NOT NULL,
        'watch', a.watch)
$$;

-- Those on a case's seats, in the order in which they came.
CREATE FUNCTION holders_of(p_case uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(jsonb_agg(holder_json(a, o.call_sign, o.surname) ORDER BY a.id), '[]')
        FROM assignments a, LATERAL (SELECT f.call_sign, f.surname FROM officers f WHERE f.id = a.officer_id OFFSET 0) o
        WHERE a.case_id = p_case AND a.active);
END $$;

-- What processes carry of a case beside the fact: its state now. Never the receipt, never a salt.
CREATE FUNCTION state_of(c cases) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN state_with(c, CASE WHEN c.claimed_by IS NULL THEN '[]' ELSE holders_of(c.id) END);
END $$;

-- The same, where the holders are known.
CREATE FUNCTION state_with(c cases, p_holders jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE v_state jsonb;
BEGIN
    v_state := jsonb_build_object(
        'id', c.id, 'station', c.station, 'category', c.category, 'words', c.words, 'lat', c.lat, 'lon', c.lon,
        'accuracy_m', c.accuracy_m, 'status', c.status, 'round', c.round, 'wave', c.wave, 'seats', c.seats,
        'fence', c.fence, 'seq', c.seq, 'received_us', (extract(epoch FROM c.received_at) * 1000000)::bigint,
        'remaining_ms', CASE WHEN c.status = 'offered' THEN
            greatest(0, (extract(epoch FROM c.offer_deadline - clock_timestamp()) * 1000)::bigint) END,
        'age_ms', (extract(epoch FROM clock_timestamp() - c.received_at) * 1000)::bigint,
        'desk_reason', c.desk_reason, 'acknowledged', c.acknowledged_at IS NOT NULL, 'alarms', c.alarms,
        'disposition', c.disposition, 'exercise', c.exercise, 'channel', c.channel,
        'declined', to_jsonb(c.declined), 'handed_back', to_jsonb(c.handed_back),
        'holders', p_holders, 'desk', c.desk, 'ending', CASE WHEN c.ending IS NOT NULL THEN ending_of(c) END);
    IF c.merged_into IS NOT NULL OR c.reports IS NOT NULL THEN
        v_state := v_state || jsonb_build_object('group', group_of(c));
    END IF;
    RETURN v_state;
END $$;
