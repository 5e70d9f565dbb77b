-- What one shift at a desk passes to the next. Read only; decodes into dispatch.cases.handover.HandOver.

-- Milliseconds from p_t until a time; negative when it has passed, null when there is none.
CREATE FUNCTION ms_until(p_t timestamptz, p_when timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM p_when - p_t) * 1000)::bigint
$$;

-- The open cases of a station, oldest first: what is pending, who is on it, since when. And who is on duty,
-- until when, and who is at the desk.
CREATE FUNCTION hand_over(p_station text, p_limit integer) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE t timestamptz := clock_timestamp(); v_cases jsonb; v_officers jsonb; v_desks jsonb; v_open integer;
BEGIN
    SELECT count(*) INTO v_open FROM cases c WHERE c.station = p_station AND c.status NOT IN ('cleared', 'withdrawn', 'merged');
    SELECT coalesce(jsonb_agg(l.told ORDER BY l.received_at, l.id), '[]') INTO v_cases FROM (
        SELECT c.received_at, c.id, jsonb_build_object(
            'case', c.id, 'status', c.status, 'category', c.category, 'words', c.words, 'round', c.round,
            'received_ago_ms', ms_until(c.received_at, t), 'desk_reason', c.desk_reason,
            'at_desk_ms', CASE WHEN c.status = 'at_station' THEN ms_until(c.escalated_at, t) END,
            'acknowledged_ago_ms', ms_until(c.acknowledged_at, t), 'alarms', c.alarms, 'exercise', c.exercise,
            'pending', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', d.kind, 'due_in_ms', ms_until(t, d.due_at))
                ORDER BY d.due_at), '[]') FROM deadlines d WHERE d.case_id = c.id),
            'holders', (SELECT coalesce(jsonb_agg(jsonb_build_object('officer', o.id, 'call_sign', o.call_sign,
                'surname', o.surname, 'state', a.state, 'held_ms', ms_until(a.claimed_at, t),
                'shift_ends_in_ms', ms_until(t, o.shift_ends_at)) ORDER BY a.id), '[]')
                FROM assignments a, LATERAL (SELECT f.* FROM officers f WHERE f.id = a.officer_id OFFSET 0) o
                WHERE a.case_id = c.id AND a.active)) AS told
        FROM cases c WHERE c.station = p_station AND c.status NOT IN ('cleared', 'withdrawn', 'merged')
        ORDER BY c.received_at, c.id LIMIT p_limit) l;
    SELECT coalesce(jsonb_agg(jsonb_build_object('officer', o.id, 'call_sign', o.call_sign, 'surname', o.surname,
        'held', o.held, 'on_duty_ms', ms_until(o.duty_since, t), 'shift_ends_in_ms', ms_until(t, o.shift_ends_at))
        ORDER BY o.shift_ends_at NULLS LAST, o.call_sign), '[]') INTO v_officers
    FROM officers o WHERE o.station = p_station AND o.on_duty;
    -- A shift that is older than a session can be counts no more.
    SELECT coalesce(jsonb_agg(jsonb_build_object('account', a.id, 'login', a.login, 'role', a.role,
        'on_shift_ms', ms_until(d.since, t)) ORDER BY d.since NULLS LAST, a.login), '[]') INTO v_desks
    FROM accounts a LEFT JOIN desk_shifts d ON d.account = a.id AND d.station = p_station
        AND d.since > t - make_interval(secs => limit_of('DESK_SHIFT_S'))
    WHERE NOT a.suspended AND (a.role = 'desk' AND a.station = p_station OR a.role = 'supervisor');
    RETURN jsonb_build_object('station', p_station, 'cases', v_cases, 'officers', v_officers, 'desks', v_desks,
        'left_out', v_open - jsonb_array_length(v_cases));
END $$;
