-- A history of $1 cases with $2 entries each, one in twenty also read by somebody: true chains, as the judge makes them.
DO $$
DECLARE v_tops bigint[] := ARRAY[0, 0, 0, 0]; v_at integer; n integer; e integer; v_case uuid; v_head bytea; v_offset bigint; v_stream text; v_body jsonb; t timestamptz;
    v_us bigint; v_salt bytea; v_kinds text[] := ARRAY['received', 'offer_opened', 'claimed', 'set_out', 'arrived', 'cleared'];
BEGIN
    FOR n IN 1 .. $cases LOOP
        v_case := gen_random_uuid(); v_at := 1 + n % 4; v_stream := 'drill' || v_at; v_head := ''; v_salt := decode(md5(n::text), 'hex');
        FOR e IN 1 .. $entries LOOP
            t := timestamptz '2026-01-01 00:00:00Z' + make_interval(secs => n * 31 + e * 7);
            v_us := (extract(epoch FROM t) * 1000000)::bigint;
            v_body := CASE WHEN e = 1 THEN jsonb_build_object('category', 'bicycle', 'seats', 1, 'words',
                encode(sha256(v_salt || convert_to('report ' || n, 'UTF8')), 'hex')) ELSE jsonb_build_object('round', e) END;
            v_head := entry_hash(v_head, v_case, e, v_kinds[1 + (e - 1) % 6], 'service', NULL, v_us, v_body);
            v_offset := v_tops[v_at] + 1; v_tops[v_at] := v_offset;
            INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, at, body, hash)
            VALUES (v_stream, v_offset, v_case, e, v_kinds[1 + (e - 1) % 6], 'service', t, v_body, v_head);
        END LOOP;
        INSERT INTO cases (id, station, category, words, words_salt, lat, lon, receipt_mac, received_at, status, seq, head)
        VALUES (v_case, v_stream, 'bicycle', 'report ' || n, v_salt, 32, 118, decode(md5(v_case::text), 'hex'), t, 'cleared',
            $entries, v_head);
        IF n % 20 = 0 THEN
            PERFORM audit_entry('read:' || v_case, 'desk:drill', 'read_case', '{}');
            v_offset := v_tops[v_at] + 1; v_tops[v_at] := v_offset;
            INSERT INTO events (stream, stream_offset, kind, actor, at, body) VALUES (v_stream, v_offset, 'duty', 'drill', t, '{}');
        END IF;
    END LOOP;
    -- once, at the end: a row that is written a million times in one transaction is walked a million times
    INSERT INTO streams SELECT 'drill' || k, v_tops[k] FROM generate_series(1, 4) k;
END $$
