-- The next entry of a chain. Runs as the owner: the lesser role may add an entry and can change none.
CREATE FUNCTION audit_entry(p_chain text, p_actor text, p_act text, p_body jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c audit_chains; t timestamptz; v_us bigint;
BEGIN
    INSERT INTO audit_chains VALUES (p_chain, 0, ''::bytea) ON CONFLICT DO NOTHING;
    SELECT * INTO c FROM audit_chains WHERE chain = p_chain FOR UPDATE;
    t := clock_timestamp();
    v_us := (extract(epoch FROM t) * 1000000)::bigint;
    c.seq := c.seq + 1;
    c.head := sha256(c.head || convert_to(concat_ws('|', p_chain, c.seq, p_act, p_actor, v_us, p_body), 'UTF8'));
    INSERT INTO audit VALUES (p_chain, c.seq, t, p_actor, p_act, p_body, c.head);
    UPDATE audit_chains SET seq = c.seq, head = c.head WHERE chain = p_chain;
    RETURN c.seq;
END $$;
