-- How an officer leaves a case otherwise than by handing it back. Twin of dispatch.cases.leaving.

-- Which event a transfer really is: one of several only leaves a seat.
CREATE FUNCTION resolved_leaving(c cases, p_event text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_event = 'transferred' AND (
        SELECT count(*) FROM assignments a WHERE a.case_id = c.id AND a.active) > 1 THEN 'seat_left' ELSE p_event END
$$;

-- The case without this officer; older fences are stale. Whose seat it was.
CREATE FUNCTION without_officer(INOUT c cases, p_officer uuid, p_event text, p_t timestamptz, OUT released uuid[])
LANGUAGE plpgsql AS $$
BEGIN
    released := end_assignments(c.id, p_officer, p_event, p_t);
    c.fence := c.fence + 1;
    c.claimed_by := (SELECT officer_id FROM assignments WHERE case_id = c.id AND active ORDER BY id LIMIT 1);
    c.claimed_at := CASE WHEN c.claimed_by IS NULL THEN NULL ELSE c.claimed_at END;
END $$;

-- The case stands in the desk's queue, unseen, for a reason.
CREATE FUNCTION at_desk_anew(INOUT c cases, p_reason text, p_t timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    c.desk_reason := p_reason; c.escalated_at := p_t; c.acknowledged_at := NULL; c.acknowledged_by := NULL;
    PERFORM set_deadline(c, 'ack', p_t + make_interval(secs => coalesce(
        (SELECT ack_ms FROM categories WHERE id = c.category), limit_of('DESK_ACK_MS')) / 1000.0));
END $$;

-- The end of a shift: to the desk, or, where others are on the case, off it.
CREATE FUNCTION transfer(INOUT c cases, INOUT facts jsonb, p_actor text, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := resolved_leaving(c, 'transferred'); v_released uuid[];
BEGIN
    SELECT q.* INTO r FROM without_officer(c, p_officer, v_event, p_t) q; c := r.c; v_released := r.released;
    SELECT q.* INTO r FROM append(c, facts, v_event, p_actor, p_officer,
        jsonb_build_object('reason', 'shift_end', 'released', to_jsonb(v_released)), p_t) q;
    c := r.c; facts := r.facts;
    IF v_event = 'transferred' THEN c := at_desk_anew(c, 'shift_end', p_t); END IF;
END $$;
