-- What a number reported before: sealed, in the vault, for nothing but the trust that its next report has.

-- As it stands there; null where it has none.
CREATE FUNCTION vault_history(p_key bytea) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT sealed FROM vault.histories WHERE number_key = p_key
$$;

-- Replaces what stood there; false where that is another one by now.
CREATE FUNCTION vault_remember(p_key bytea, p_old bytea, p_new bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_day date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
BEGIN
    IF p_old IS NULL THEN
        INSERT INTO vault.histories VALUES (p_key, p_new, v_day) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE vault.histories SET sealed = p_new, last_on = v_day WHERE number_key = p_key AND sealed = p_old;
    END IF;
    RETURN FOUND;
END $$;

-- How cases ended, null while they are open: those that count, no exercises, reported within so many days.
CREATE FUNCTION ended_of_cases(p_cases uuid[], p_days integer) RETURNS TABLE (id uuid, disposition text)
LANGUAGE sql STABLE AS $$
    SELECT c.id, CASE WHEN c.status = 'cleared' THEN c.disposition END FROM cases c
    WHERE c.id = ANY (p_cases) AND NOT c.exercise AND c.received_at > clock_timestamp() - make_interval(days => p_days)
$$;

-- Histories of numbers that have not reported for so many days, a bounded number a call.
CREATE FUNCTION prune_histories(p_days integer, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_gone integer; v_before date := (clock_timestamp() AT TIME ZONE 'UTC')::date - p_days;
BEGIN
    DELETE FROM vault.histories WHERE number_key = ANY (ARRAY(
        SELECT number_key FROM vault.histories WHERE last_on < v_before ORDER BY last_on LIMIT p_limit));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END $$;
