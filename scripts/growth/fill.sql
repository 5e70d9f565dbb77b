-- A past that nobody lived: cases of one town in the shape that the judge leaves behind, set by set.
-- $1 the first case's number, $2 how many, $3 true: cleared long ago, false: still open, $4 whose station, $5 of which
-- category. Officers are whoever there is.
-- Ids are of version 7, as the service's are: in order of time, here of the number.
-- A cleared case has six entries, two hours of cases overlap in the stream, its answers were kept within the last day.
WITH town AS MATERIALIZED (
    SELECT (SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM officers ORDER BY id LIMIT 2000) o) AS officers,
        (SELECT next_offset FROM streams WHERE stream = $4) AS base
), told AS (
    SELECT n, (lpad(to_hex(n), 12, '0') || '7' || left(md5('case ' || n), 3) || '8' || substr(md5('case ' || n), 4, 15))::uuid AS id,
        clock_timestamp() - make_interval(secs => 86400 * 365.0 - n * 3.0) AS at,
        o.officers[1 + n % (cardinality(o.officers) - 50):50 + n % (cardinality(o.officers) - 50)] AS asked,
        32.06 + (n % 997 - 498) / 10000.0 AS lat, 118.80 + (n % 1009 - 504) / 10000.0 AS lon,
        $3 OR n % 2 = 0 AS fell
    FROM generate_series($1::bigint, $1::bigint + $2::bigint - 1) n, town o
), made AS (
    INSERT INTO cases (id, station, category, words, words_salt, lat, lon, receipt_mac, received_at, status, round, wave,
        fence, offer_deadline, claimed_by, claimed_at, escalated_at, desk_reason, acknowledged_at, closed_at,
        disposition, seq, head)
    SELECT id, $4, $5, 'ref 0 Two bicycles were broken loose at the southern gate; number ' || n, '\x00ff', lat, lon,
        sha256(id::text::bytea), at, CASE WHEN $3 THEN 'cleared' WHEN fell THEN 'at_station' ELSE 'offered' END, 1, 1,
        CASE WHEN $3 THEN 2 ELSE 0 END, CASE WHEN $3 THEN at ELSE clock_timestamp() END + interval '1 day',
        CASE WHEN $3 THEN asked[1] END, CASE WHEN $3 THEN at END, CASE WHEN fell AND NOT $3 THEN at END,
        CASE WHEN fell AND NOT $3 THEN 'window_closed' END, CASE WHEN fell AND NOT $3 THEN at END,
        CASE WHEN $3 THEN at + interval '1 hour' END, CASE WHEN $3 THEN 'founded' END, CASE WHEN $3 THEN 6 ELSE 2 END,
        sha256(id::text::bytea)
    FROM told
), waved AS (
    INSERT INTO waves (case_id, seq, round, wave, recipients) SELECT id, 2, 1, 1, asked FROM told
), seated AS (
    INSERT INTO assignments (case_id, officer_id, seat, slot, round, fence, state, active, claimed_at, ended_at, ended_by)
    SELECT id, asked[1], 1, 1, 1, 1, 'cleared', false, at, at + interval '1 hour', 'cleared' FROM told WHERE $3
), timed AS (
    INSERT INTO deadlines (case_id, kind, station, due_at, round)
    SELECT id, 'window', $4, clock_timestamp() + interval '1 day', 1 FROM told WHERE NOT $3 AND NOT fell
), kept AS (
    INSERT INTO idempotency (scope, key, request_hash, response, at)
    SELECT CASE k WHEN 0 THEN 'report' ELSE 'officer:' || asked[1] END, 'growth-' || k || '-' || n, sha256(id::text::bytea),
        jsonb_build_object('won', true, 'case', id, 'fence', 1, 'round', 1),
        clock_timestamp() - make_interval(secs => n % 80000)
    FROM told, generate_series(0, 1) k WHERE $3
), walked AS (
    INSERT INTO track (case_id, officer_id, at, lat, lon, accuracy_m)
    SELECT id, asked[1], greatest(at, clock_timestamp() - interval '29 days'), lat, lon, 10 FROM told WHERE $3
), entered AS (
    INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, officer, at, body, hash)
    SELECT $4, o.base + row_number() OVER (ORDER BY t.at + e.nr * interval '20 minutes'), t.id, e.nr, e.kind,
        CASE e.nr WHEN 1 THEN 'anonymous' WHEN 2 THEN 'service' ELSE 'officer:' || asked[1] END,
        CASE WHEN e.nr > 2 THEN asked[1] END, t.at + e.nr * interval '20 minutes',
        jsonb_build_object('round', 1, 'wave', 1, 'asked', 50, 'reason', 'a plausible entry', 'lat', t.lat, 'lon', t.lon),
        sha256(t.id::text::bytea)
    FROM told t, town o, (VALUES (1, 'received'), (2, 'offer_opened'), (3, 'claimed'), (4, 'set_out'), (5, 'arrived'),
        (6, 'cleared')) e (nr, kind)
    WHERE $3 OR e.nr <= 2 RETURNING stream_offset
)
UPDATE streams SET next_offset = (SELECT max(stream_offset) FROM entered) WHERE stream = $4
