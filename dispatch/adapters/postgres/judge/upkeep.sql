-- What has had its time goes, a bounded number of rows a call, so that nobody waits for it.

-- Removes at most p_limit answers kept under keys of acts, and as many points of officers' ways, older than so many
-- seconds; how many rows went. Reports' keys stay with their cases. One caller at a time: to the others it is zero.
CREATE FUNCTION prune(p_keys_s integer, p_track_s integer, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_keys integer; v_track integer; t timestamptz := clock_timestamp();
    v_keys_before timestamptz := t - make_interval(secs => p_keys_s);
    v_track_before timestamptz := t - make_interval(secs => p_track_s);
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('onbeat prune')) THEN RETURN 0; END IF;
    DELETE FROM idempotency WHERE ctid = ANY (ARRAY(  -- where they stand: a join might read all that is kept
        SELECT ctid FROM idempotency WHERE scope <> 'report' AND at < v_keys_before ORDER BY at LIMIT p_limit));
    GET DIAGNOSTICS v_keys = ROW_COUNT;
    DELETE FROM track WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM track WHERE at < v_track_before ORDER BY at LIMIT p_limit));
    GET DIAGNOSTICS v_track = ROW_COUNT;
    RETURN v_keys + v_track;
END $$;
