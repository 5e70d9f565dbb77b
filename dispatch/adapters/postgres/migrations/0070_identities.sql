-- Who of an identity provider is which account; and by what a session was opened, for the audit.

CREATE TABLE identities (
    issuer    text NOT NULL,
    subject   text NOT NULL,
    account   uuid NOT NULL REFERENCES accounts,
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (account, issuer)                             -- one person is one subject: a second one is somebody else
);
GRANT SELECT, INSERT, DELETE ON identities TO onbeat_app;

ALTER TABLE sessions ADD COLUMN method text NOT NULL DEFAULT 'password';

-- As in 0030, with the method of a session that begins.
CREATE OR REPLACE FUNCTION audit_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM audit_entry('account:' || NEW.account, NEW.role || ':' || NEW.account,
        CASE WHEN TG_OP = 'INSERT' THEN 'signed_in' ELSE 'session_ended' END,
        jsonb_build_object('session', NEW.id)
            || CASE WHEN TG_OP = 'INSERT' THEN jsonb_build_object('method', NEW.method) ELSE '{}' END);
    RETURN NULL;
END $$;
