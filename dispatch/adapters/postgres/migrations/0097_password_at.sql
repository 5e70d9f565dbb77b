-- Since when a password stands: one that somebody else made is good for a while only.

ALTER TABLE accounts ADD COLUMN password_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- Another password stands since now, whoever writes it.
CREATE FUNCTION password_stamped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.password_at := clock_timestamp();
    RETURN NEW;
END $$;

CREATE TRIGGER accounts_password BEFORE UPDATE OF password ON accounts FOR EACH ROW
    WHEN (OLD.password IS DISTINCT FROM NEW.password) EXECUTE FUNCTION password_stamped();
