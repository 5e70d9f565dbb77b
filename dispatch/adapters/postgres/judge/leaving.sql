-- How an officer leaves a case otherwise than by handing it back. Twin of dispatch.cases.leaving.

-- Which event a leaving really is: a transfer by one of several only leaves a seat; a new round that nobody could be asked
-- in, or one too many, is the desk's. An unanswered check counts as a hand-back in the station's policy.
CREATE FUNCTION resolved_leaving(c cases, p_event text, p_recipients uuid[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_event = 'transferred' AND (
            SELECT count(*) FROM assignments a WHERE a.case_id = c.id AND a.active) > 1 THEN 'seat_left'
        WHEN p_event = 'silent' AND resolved_hand_back(c, p_recipients) <> 'handed_back' THEN 'silent_to_desk'
        WHEN p_event = 'preempted' AND (coalesce(p_recipients, '{}') = '{}' OR c.round >= limit_of('ROUNDS_MAX'))
            THEN 'preempted_to_desk'
        ELSE p_event END
$$;

-- The case without this officer; older fences are stale. Whose seat it was.
CREATE FUNCTION without_officer(INOUT c cases, p_officer uuid, p_event text, p_t timestamptz, OUT released uuid[])
LANGUAGE plpgsql AS $$
BEGIN
    released := end_assignments(c.id, p_officer, p_event, p_t);
    c.fence := c.fence + 1;
    c.claimed_by := first_holder(c.id);
    c.claimed_at := CASE WHEN c.claimed_by IS NULL THEN NULL ELSE c.claimed_at END;
END $$;

-- The end of a shift: to the desk, or, where others are on the case, off it.
CREATE FUNCTION transfer(INOUT c cases, INOUT facts jsonb, p_actor text, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_event text := resolved_leaving(c, 'transferred', NULL); v_released uuid[];
BEGIN
    SELECT q.* INTO r FROM without_officer(c, p_officer, v_event, p_t) q; c := r.c; v_released := r.released;
    SELECT q.* INTO r FROM append(c, facts, v_event, p_actor, p_officer,
        jsonb_build_object('reason', 'shift_end', 'released', to_jsonb(v_released)), p_t) q;
    c := r.c; facts := r.facts;
    IF v_event = 'transferred' THEN c := queued(c, 'shift_end', p_t); END IF;
END $$;

-- An officer leaves and the case goes on at once: a new round for those who may be asked, or the desk where nobody is, or
-- where it was offered as often as it may be. `p_event`: preempted or silent; `p_body`: what its entry says beside.
CREATE FUNCTION leave_case(
    INOUT c cases, INOUT facts jsonb, INOUT asked uuid[], x jsonb, p_event text, p_actor text, p_officer uuid, p_body jsonb,
    p_t timestamptz
) LANGUAGE plpgsql AS $$
DECLARE r record; v_released uuid[]; v_desk boolean := resolved_leaving(c, p_event, asked) <> p_event;
BEGIN
    v_released := end_assignments(c.id, p_officer, p_event, p_t);
    c.acknowledged_at := NULL; c.acknowledged_by := NULL;
    IF p_event = 'silent' AND NOT p_officer = ANY (c.handed_back) THEN c.handed_back := c.handed_back || p_officer; END IF;
    p_body := p_body || jsonb_build_object('released', to_jsonb(v_released));
    IF v_desk THEN
        asked := '{}'; c.fence := c.fence + 1;
        c.claimed_by := first_holder(c.id);
        SELECT q.* INTO r FROM append(c, facts, p_event || '_to_desk', p_actor, p_officer,
            jsonb_build_object('reason', p_event) || p_body, p_t) q;  -- a person's own reason stands
        c := queued(r.c, p_event, p_t); facts := r.facts;
        RETURN;
    END IF;
    c := new_round(c, p_t); c.wave := (x ->> 'wave')::integer;
    SELECT q.* INTO r FROM append(c, facts, p_event, p_actor, p_officer, p_body || jsonb_build_object(
        'round', c.round, 'wave', c.wave, 'asked', cardinality(asked),
        'deadline_us', (extract(epoch FROM c.offer_deadline) * 1000000)::bigint, 'recipients', digest_of(asked)), p_t) q;
    c := r.c; facts := r.facts;
    PERFORM put_wave(c, asked, (x ->> 'last_wave')::boolean, pause_of(c, x), p_t);
    PERFORM set_deadline(c, 'window', c.offer_deadline);
END $$;
