-- The talk on a case: between its reporter, the officers on its seats and the desk, while it is open.

-- Whose act this is, by a name that is stable over sessions: a reporter's session ends, the case stays.
CREATE FUNCTION person_of(x jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT concat_ws(':', x ->> 'actor', CASE WHEN x ->> 'actor' = 'reporter' THEN x ->> 'case' ELSE x ->> 'actor_id' END)
$$;

-- A line as processes carry it.
CREATE FUNCTION line_json(l talk_lines) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('seq', l.seq, 'by', split_part(l.author, ':', 1), 'words', l.words,
        'at_us', (extract(epoch FROM l.at) * 1000000)::bigint, 'officer', l.officer_id,
        'call_sign', coalesce(o.call_sign, ''), 'surname', coalesce(o.surname, ''))
    FROM (SELECT 1) one LEFT JOIN officers o ON o.id = l.officer_id
$$;

-- The latest lines before an entry (null: of all), oldest first, and whether there are earlier ones.
CREATE FUNCTION talk_of(p_case uuid, p_before integer, p_count integer) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH found AS (
        SELECT l FROM talk_lines l WHERE l.case_id = p_case AND (p_before IS NULL OR l.seq < p_before)
        ORDER BY l.seq DESC LIMIT p_count + 1), nearest AS (
        SELECT l FROM found ORDER BY (l).seq DESC LIMIT p_count)
    SELECT jsonb_build_object('case', p_case, 'more', (SELECT count(*) FROM found) > p_count,
        'lines', (SELECT coalesce(jsonb_agg(line_json(l) ORDER BY (l).seq), '[]') FROM nearest))
$$;

-- The talks of these cases with everybody's marks: what a process holds in memory when it starts.
CREATE FUNCTION talks_of(p_cases uuid[], p_count integer) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$
    SELECT talk_of(c, NULL, p_count) || jsonb_build_object('marks', (
        SELECT coalesce(jsonb_object_agg(m.person, m.upto), '{}') FROM talk_marks m WHERE m.case_id = c))
    FROM unnest(p_cases) c WHERE EXISTS (SELECT FROM talk_lines l WHERE l.case_id = c)
$$;

-- Guards of a line that need the talk itself: why not, or null.
CREATE FUNCTION judge_line(x jsonb, p_t timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE v_all bigint; v_mine bigint;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE author = person_of(x) AND at > p_t - interval '1 minute') INTO v_all, v_mine
    FROM talk_lines WHERE case_id = (x ->> 'case')::uuid;
    RETURN CASE WHEN v_mine >= limit_of('TALK_PER_MIN_MAX') THEN 'too_often'
                WHEN v_all >= limit_of('TALK_LINES_MAX') THEN 'talk_full' END;
END $$;

-- What an entry carries beside its body: its line, or the whole talk where it is open anew; null where there is none.
CREATE FUNCTION talk_at(p_case uuid, p_seq integer, p_kind text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_kind IN ('objected', 'unmerged') THEN talk_of(p_case, p_seq + 1, limit_of('TALK_KEPT_LINES')) ELSE (
        SELECT jsonb_build_object('case', p_case, 'lines', jsonb_build_array(line_json(l)))
        FROM talk_lines l WHERE l.case_id = p_case AND l.seq = p_seq) END
$$;

-- An entry with words, if there are any: it holds a digest, a row the words, its fact both.
CREATE FUNCTION say_line(INOUT c cases, INOUT facts jsonb, x jsonb, p_body jsonb, p_officer uuid, p_t timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record; v_salt bytea := decode(x ->> 'salt', 'hex'); v_words text := x ->> 'words';
BEGIN
    SELECT q.* INTO r FROM append(c, facts, x ->> 'event', concat_ws(':', x ->> 'actor', x ->> 'actor_id'), p_officer,
        CASE WHEN v_words IS NULL THEN p_body ELSE p_body || jsonb_build_object(
            'words', encode(sha256(v_salt || convert_to(v_words, 'UTF8')), 'hex')) END, p_t) q;
    c := r.c; facts := r.facts;
    IF v_words IS NOT NULL THEN
        INSERT INTO talk_lines VALUES (c.id, c.seq, person_of(x), p_officer, p_t, v_words, v_salt);
    END IF;
    facts := jsonb_set(facts, ARRAY['-1', 'talk'], coalesce(talk_at(c.id, c.seq, x ->> 'event'), 'null'));
END $$;

-- Somebody has read up to an entry. A fact of the station's stream, so that every process knows; no entry of the history.
-- Never further than what was said, never back.
CREATE FUNCTION mark_read(c cases, INOUT facts jsonb, x jsonb, p_t timestamptz) LANGUAGE plpgsql AS $$
DECLARE v_upto integer; v_offset bigint; v_body jsonb; v_actor text := concat_ws(':', x ->> 'actor', x ->> 'actor_id');
BEGIN
    SELECT max(seq) INTO v_upto FROM talk_lines WHERE case_id = c.id AND seq <= (x ->> 'upto')::integer;
    IF v_upto IS NULL THEN RETURN; END IF;
    INSERT INTO talk_marks AS m VALUES (c.id, person_of(x), v_upto)
    ON CONFLICT (case_id, person) DO UPDATE SET upto = excluded.upto WHERE m.upto < excluded.upto;
    IF NOT FOUND THEN RETURN; END IF;
    UPDATE streams SET next_offset = next_offset + 1 WHERE stream = c.station RETURNING next_offset INTO v_offset;
    v_body := jsonb_build_object('case', c.id, 'person', person_of(x), 'upto', v_upto);
    INSERT INTO events (stream, stream_offset, kind, actor, at, body) VALUES (c.station, v_offset, 'read', v_actor, p_t, v_body);
    facts := facts || jsonb_build_object('stream', c.station, 'offset', v_offset, 'kind', 'read', 'actor', v_actor,
        'officer', NULL, 'at_us', (extract(epoch FROM p_t) * 1000000)::bigint, 'body', v_body);
END $$;
