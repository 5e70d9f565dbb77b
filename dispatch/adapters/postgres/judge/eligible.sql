-- Who may be asked to take a case: dispatch.cases.eligibility, as the database judges it.

-- Those who may be asked, in the order given: on duty, a free slot, the skill, none of `p_except`, of `p_only_of` where
-- the station's cases stay with its own, and not at the end of a shift.
CREATE FUNCTION eligible(
    p_candidates uuid[], p_skill text, p_except uuid[], p_max integer, p_only_of text, p_t timestamptz
) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(id ORDER BY nr), '{}') FROM (
        SELECT o.id, u.nr FROM unnest(p_candidates) WITH ORDINALITY u (id, nr), LATERAL (  -- never through all on duty
            SELECT f.* FROM officers f WHERE f.id = u.id OFFSET 0) o
        WHERE o.on_duty AND o.held < o.slots AND (p_skill IS NULL OR p_skill = ANY (o.skills))
          AND NOT o.id = ANY (p_except) AND (p_only_of IS NULL OR o.station = p_only_of)
          AND (o.shift_ends_at IS NULL OR o.shift_ends_at > p_t + make_interval(mins => limit_of('SHIFT_LAST_MIN')))
        ORDER BY u.nr LIMIT p_max) e);
END $$;

-- The same for a case that stands: `x` names the candidates and how many to ask (null: all of them).
CREATE FUNCTION eligible_for(c cases, x jsonb, p_except uuid[], p_t timestamptz) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN eligible(ARRAY(SELECT jsonb_array_elements_text(x -> 'candidates')::uuid),
        (SELECT skill FROM categories WHERE id = c.category), array_remove(p_except, NULL),
        coalesce((x ->> 'asks')::integer, limit_of('STATION_RECIPIENTS_MAX')),
        (SELECT id FROM stations WHERE id = c.station AND cross_border = 'own'), p_t);
END $$;

-- How long a wave of the case lasts: its own pause where `x` has one (a head start, a turn), else the category's.
CREATE FUNCTION pause_of(c cases, x jsonb) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((x ->> 'pause_ms')::integer, (SELECT wave_ms FROM categories WHERE id = c.category),
        limit_of('WAVE_INTERVAL_MS'));
END $$;
