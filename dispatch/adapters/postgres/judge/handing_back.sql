-- What an officer's hand-back becomes. Twin of dispatch.cases.handing_back.

-- Which event it really is: a seat given back, the desk's, or a new round.
CREATE FUNCTION resolved_hand_back(c cases, p_recipients uuid[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN c.status IN ('offered', 'at_station') THEN 'seat_handed_back'
        WHEN cardinality(c.handed_back) + 1 >= coalesce(
                (SELECT hand_backs_max FROM stations WHERE id = c.station), limit_of('HAND_BACKS_MAX'))
            OR coalesce(p_recipients, '{}') = '{}' OR c.round >= limit_of('ROUNDS_MAX') THEN 'handed_to_desk'
        ELSE 'handed_back' END
$$;

-- While somebody is on scene, or has been: who is still on the way gives the seat back, and without others the desk has the
-- case. Who is there does not: the table refuses what this answers.
CREATE FUNCTION resolved_from_a_scene(c cases, p_officer uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN EXISTS (
            SELECT FROM assignments a
            WHERE a.case_id = c.id AND a.officer_id = p_officer AND a.active AND a.state = 'on_scene') THEN 'handed_back'
        WHEN seated(c) > 1 THEN 'seat_handed_back' ELSE 'handed_to_desk' END
$$;

-- One of several stands down: the case goes on waiting for another, or the desk sees it anew, or who is on scene goes on.
CREATE FUNCTION hand_seat_back(INOUT c cases, INOUT facts jsonb, x jsonb, p_actor text, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_released uuid[];
BEGIN
    SELECT q.* INTO r FROM without_officer(c, p_officer, 'handed_back', p_t) q; c := r.c; v_released := r.released;
    IF NOT p_officer = ANY (c.handed_back) THEN c.handed_back := c.handed_back || p_officer; END IF;
    c.acknowledged_at := NULL; c.acknowledged_by := NULL;
    SELECT q.* INTO r FROM append(c, facts, 'seat_handed_back', p_actor, p_officer,
        jsonb_build_object('reason', x -> 'reason', 'released', to_jsonb(v_released)), p_t) q;
    c := r.c; facts := r.facts;
    IF c.status = 'at_station' THEN
        c := queued(c, 'handed_back', p_t);
    ELSIF c.status = 'offered' THEN
        SELECT q.* INTO r FROM go_on(c, facts, p_t) q; c := r.c; facts := r.facts;
    END IF;
END $$;

-- Somebody who was asked will not come: when everyone in a wave has said so, the next one opens at once; after the widest
-- the desk has the case, when nobody is left who could answer.
CREATE FUNCTION go_on(INOUT c cases, INOUT facts jsonb, p_t timestamptz) LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    IF NOT wave_answered(c) THEN RETURN; END IF;
    UPDATE deadlines SET due_at = p_t WHERE case_id = c.id AND kind = 'wave' AND round = c.round;
    IF NOT FOUND AND all_answered(c) THEN
        SELECT q.* INTO r FROM to_desk(c, facts, 'sent_to_desk', 'service', NULL, 'all_declined', p_t) q;
        c := r.c; facts := r.facts;
    END IF;
END $$;

-- Has everyone whom the latest wave asked answered? Those of an earlier one may still think about it.
CREATE FUNCTION wave_answered(c cases) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM waves w, unnest(w.recipients) u WHERE w.case_id = c.id AND w.round = c.round AND w.wave = c.wave
        AND NOT u = ANY (c.declined || c.handed_back) AND NOT EXISTS (
            SELECT FROM assignments a WHERE a.case_id = c.id AND a.officer_id = u AND a.active))
$$;

-- Has everyone asked in this round answered, by declining, by holding a seat or by giving it back?
CREATE FUNCTION all_answered(c cases) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM waves w, unnest(w.recipients) u WHERE w.case_id = c.id AND w.round = c.round
        AND NOT u = ANY (c.declined || c.handed_back) AND NOT EXISTS (
            SELECT FROM assignments a WHERE a.case_id = c.id AND a.officer_id = u AND a.active))
$$;
