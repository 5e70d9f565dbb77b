-- Figures from the history alone: sets of rows, read in one snapshot, nothing written. dispatch.insight.fold says the
-- same in plain Python, and a property test compares the two.

-- Microseconds between two times, null where one is; a clock that was set back makes none negative.
CREATE FUNCTION us_between(p_since timestamptz, p_until timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_until > p_since THEN (extract(epoch FROM p_until - p_since) * 1000000)::bigint
                WHEN p_until <= p_since THEN 0 END
$$;

-- The fixed cell of the world's grid that holds a place, as geo.distance.cell_of: "band:column".
CREATE FUNCTION cell_of(p_lat double precision, p_lon double precision, p_size_m double precision) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    a double precision := 6378137; f double precision := 1 / 298.257223563::double precision;
    e2 double precision := f * (2::double precision - f); half double precision := 90; turn double precision := 180;
    bands integer := ceil(turn * 111694::double precision / p_size_m);
    band integer := least(floor((p_lat + half) / turn * bands)::integer, bands - 1);
    south double precision := band::double precision / bands * turn - half;
    north double precision := (band + 1)::double precision / bands * turn - half;
    phi double precision := radians(CASE WHEN south <= 0 AND 0 <= north THEN 0 ELSE least(abs(south), abs(north)) END);
    axis_m double precision := a / sqrt(1::double precision - e2 * sin(phi) * sin(phi)) * cos(phi);
    columns integer := greatest(1, ceil(2::double precision * pi() * axis_m / p_size_m)::integer);
BEGIN
    RETURN band || ':' || floor((p_lon + turn) / (2 * turn) * columns)::integer % columns;
END $$;

-- One row a case received from p_since on and before p_until, in p_station or, where that is null, in any.
-- Exercises are left out. p_zone: whose hours of the day; null: each station's own. p_kinds: which kinds of entries mean what, by the names of dispatch.insight.values.
-- p_now: until when a case that nobody has taken has waited.
CREATE FUNCTION case_figures(
    p_since timestamptz, p_until timestamptz, p_station text, p_zone text, p_cell_m double precision, p_kinds jsonb,
    p_now timestamptz
) RETURNS TABLE (
    station text, category text, hour text, cell text, lat double precision, lon double precision, offer_us bigint,
    claim_us bigint, arrival_us bigint, wait_us bigint, fell_back boolean, sent_to_desk boolean, declined bigint,
    unanswered bigint, handed_back bigint, silent bigint, rounds integer, reopened boolean
) LANGUAGE sql STABLE AS $$
    WITH meant AS MATERIALIZED (  -- kind of entry, and what it means: a kind may mean several things
        SELECT k.kind, bool_or(m.name = 'claiming') AS claiming, bool_or(m.name = 'coming') AS coming,
            bool_or(m.name = 'ending') AS ending, bool_or(m.name = 'reopening') AS reopening,
            bool_or(m.name = 'to_desk') AS to_desk, bool_or(m.name = 'handing_back') AS handing_back,
            bool_or(m.name = 'going_silent') AS going_silent
        FROM jsonb_each(p_kinds) m (name, kinds) CROSS JOIN jsonb_array_elements_text(m.kinds) k (kind) GROUP BY k.kind
    ), received AS MATERIALIZED (
        SELECT e.case_id, e.stream, e.at, e.body FROM events e
        WHERE e.kind = 'received' AND e.at >= p_since AND e.at < p_until
          AND (p_station IS NULL OR e.stream = p_station) AND NOT coalesce((e.body ->> 'exercise')::boolean, false)
    ), entries AS (  -- each with the round that it fell into, and since when its officer has the case
        SELECT e.case_id, e.seq, e.kind, e.at, coalesce((e.body ->> 'asked')::bigint, 0) AS asked,
            m.claiming, m.coming, m.ending, m.reopening, m.to_desk, m.handing_back, m.going_silent,
            max(coalesce((e.body ->> 'round')::integer, 0)) OVER life AS round,
            CASE WHEN e.kind = 'arrived' AND e.officer IS NOT NULL THEN max(e.at) FILTER (WHERE m.coming) OVER (
                PARTITION BY e.case_id, e.officer ORDER BY e.seq) END AS came_at
        FROM received r JOIN events e ON e.case_id = r.case_id LEFT JOIN meant m ON m.kind = e.kind
        WINDOW life AS (PARTITION BY e.case_id ORDER BY e.seq)
    ), rounded AS (
        SELECT n.*, bool_or(n.kind = 'fell_back') OVER (PARTITION BY n.case_id, n.round) AS ran_out FROM entries n
    ), lives AS (
        SELECT case_id,
            min(at) FILTER (WHERE asked > 0) AS offered_at,
            min(at) FILTER (WHERE claiming) AS claimed_at,
            min(at) FILTER (WHERE coming OR ending) AS over_at,
            (array_agg(us_between(came_at, at) ORDER BY seq) FILTER (WHERE kind = 'arrived'))[1] AS arrival_us,
            bool_or(kind = 'fell_back') AS fell_back,
            coalesce(bool_or(to_desk), false) AS sent_to_desk,
            count(*) FILTER (WHERE kind = 'declined') AS declined,
            greatest(0, sum(CASE WHEN ran_out THEN asked - (kind IN ('declined', 'seat_filled'))::integer ELSE 0 END))
                AS unanswered,
            count(*) FILTER (WHERE handing_back) AS handed_back,
            count(*) FILTER (WHERE going_silent) AS silent,
            max(round) AS rounds,
            coalesce(bool_or(reopening), false) AS reopened
        FROM rounded GROUP BY case_id
    )
    SELECT r.stream, r.body ->> 'category', to_char(r.at AT TIME ZONE coalesce(p_zone, s.time_zone, 'UTC'), 'HH24'),
        cell_of((r.body ->> 'lat')::double precision, (r.body ->> 'lon')::double precision, p_cell_m),
        (r.body ->> 'lat')::double precision, (r.body ->> 'lon')::double precision,
        us_between(r.at, l.offered_at), us_between(r.at, l.claimed_at), l.arrival_us,
        us_between(r.at, coalesce(l.over_at, p_now)), l.fell_back, l.sent_to_desk, l.declined, l.unanswered::bigint,
        l.handed_back, l.silent, l.rounds, l.reopened
    FROM received r JOIN lives l USING (case_id) LEFT JOIN stations s ON s.id = r.stream
$$;

-- Those cases counted together: the whole, each group (p_by: station, category or hour), each category, each place.
-- Percentiles are durations that really were: 50, 90 and 99 in a hundred are not longer.
CREATE FUNCTION figures(
    p_since timestamptz, p_until timestamptz, p_station text, p_zone text, p_cell_m double precision, p_kinds jsonb,
    p_now timestamptz, p_by text
) RETURNS TABLE (
    kind text, key text, lat double precision, lon double precision, cases bigint, offered bigint, claimed bigint,
    fell_back bigint, sent_to_desk bigint, declined bigint, unanswered bigint, handed_back bigint, silent bigint,
    reoffered bigint, reopened bigint, offer_us bigint[], claim_us bigint[], arrival_us bigint[], arrivals bigint,
    wait_us bigint[]
) LANGUAGE sql STABLE AS $$
    WITH c AS (
        SELECT f.*, CASE p_by WHEN 'station' THEN f.station WHEN 'category' THEN f.category ELSE f.hour END AS key
        FROM case_figures(p_since, p_until, p_station, p_zone, p_cell_m, p_kinds, p_now) f
    )
    SELECT CASE WHEN grouping(c.key) = 0 THEN 'group' WHEN grouping(c.category) = 0 THEN 'category'
                WHEN grouping(c.cell) = 0 THEN 'place' ELSE 'whole' END,
        coalesce(c.key, c.category, ''), min(c.lat), min(c.lon), count(*), count(c.offer_us), count(c.claim_us),
        count(*) FILTER (WHERE c.fell_back), count(*) FILTER (WHERE c.sent_to_desk),
        coalesce(sum(c.declined), 0)::bigint, coalesce(sum(c.unanswered), 0)::bigint,
        coalesce(sum(c.handed_back), 0)::bigint, coalesce(sum(c.silent), 0)::bigint,
        count(*) FILTER (WHERE c.rounds > 1), count(*) FILTER (WHERE c.reopened),
        percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY c.offer_us),
        percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY c.claim_us),
        percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY c.arrival_us), count(c.arrival_us),
        percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY c.wait_us)
    FROM c GROUP BY GROUPING SETS ((), (c.key), (c.category), (c.cell))
$$;

-- One row an officer who was known by then: time on duty, by the duty facts alone, and cases claimed, both within the
-- time asked for. The station is that of the last fact.
CREATE FUNCTION officer_figures(
    p_since timestamptz, p_until timestamptz, p_station text, p_claiming text[], p_now timestamptz
) RETURNS TABLE (station text, on_us bigint, claims bigint) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE known AS (  -- each officer of the index once, however many turns there are
        (SELECT e.officer FROM events e WHERE e.kind = 'duty' ORDER BY e.officer LIMIT 1)
        UNION ALL
        SELECT (SELECT e.officer FROM events e WHERE e.kind = 'duty' AND e.officer > k.officer ORDER BY e.officer LIMIT 1)
        FROM known k WHERE k.officer IS NOT NULL
    ), ends AS (SELECT least(p_until, p_now) AS at
    ), turns AS (
        SELECT k.officer, d.* FROM known k CROSS JOIN LATERAL (
            (SELECT e.stream, e.stream_offset, e.at, (e.body ->> 'on')::boolean AS on_duty FROM events e
             WHERE e.kind = 'duty' AND e.officer = k.officer AND e.at < p_since
             ORDER BY e.at DESC, e.stream_offset DESC LIMIT 1)
            UNION ALL
            SELECT e.stream, e.stream_offset, e.at, (e.body ->> 'on')::boolean FROM events e
            WHERE e.kind = 'duty' AND e.officer = k.officer AND e.at >= p_since AND e.at < p_until
        ) d WHERE k.officer IS NOT NULL
    ), spans AS (
        SELECT t.*, lead(t.at, 1, ends.at) OVER (PARTITION BY t.officer ORDER BY t.at, t.stream_offset) AS until
        FROM turns t CROSS JOIN ends
    ), worked AS (
        SELECT s.officer, (array_agg(s.stream ORDER BY s.at DESC, s.stream_offset DESC))[1] AS station,
            coalesce(sum(us_between(greatest(s.at, p_since), least(s.until, ends.at))) FILTER (WHERE s.on_duty), 0) AS on_us
        FROM spans s CROSS JOIN ends GROUP BY s.officer
    ), claimed AS (
        SELECT e.officer, count(*) AS claims FROM events e JOIN events r ON r.case_id = e.case_id AND r.seq = 1
        WHERE e.kind = ANY (p_claiming) AND e.at >= p_since AND e.at < p_until
          AND NOT coalesce((r.body ->> 'exercise')::boolean, false)
        GROUP BY e.officer
    )
    SELECT w.station, w.on_us::bigint, coalesce(c.claims, 0) FROM worked w LEFT JOIN claimed c USING (officer)
    WHERE p_station IS NULL OR w.station = p_station
$$;
