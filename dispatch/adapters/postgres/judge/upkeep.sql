-- What has had its time goes, a bounded number of rows a call, so that nobody waits for it.

-- Removes at most p_limit answers kept under keys of acts, and as many points of officers' ways, older than so many
-- seconds; how many rows went. Reports' keys stay with their cases. One caller at a time: to the others it is zero.
CREATE FUNCTION prune(p_keys_s integer, p_track_s integer, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_keys integer; v_track integer; t timestamptz := clock_timestamp();
    v_keys_before timestamptz := t - make_interval(secs => p_keys_s);
    v_track_before timestamptz := t - make_interval(secs => p_track_s);
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('onbeat prune')) THEN RETURN 0; END IF;
    DELETE FROM idempotency i USING (
        SELECT scope, key FROM idempotency WHERE scope <> 'report' AND at < v_keys_before ORDER BY at LIMIT p_limit
    ) old WHERE i.scope = old.scope AND i.key = old.key;
    GET DIAGNOSTICS v_keys = ROW_COUNT;
    DELETE FROM track k USING (
        SELECT case_id, officer_id, at FROM track WHERE at < v_track_before ORDER BY at LIMIT p_limit
    ) old WHERE k.case_id = old.case_id AND k.officer_id = old.officer_id AND k.at = old.at;
    GET DIAGNOSTICS v_track = ROW_COUNT;
    RETURN v_keys + v_track;
END $$;
