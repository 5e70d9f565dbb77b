-- The talk on a case. The history holds a salted digest of each line; the words stand here, where they can be erased.

CREATE TABLE talk_lines (
    case_id    uuid NOT NULL,
    seq        integer NOT NULL,                         -- its entry in the case's history
    author     text NOT NULL,                            -- a person's stable name: kind, colon, id
    officer_id uuid,
    at         timestamptz NOT NULL,
    words      text NOT NULL CHECK (char_length(words) <= 1000),   -- dispatch.limits.TALK_CHARS_MAX; empty when erased
    salt       bytea NOT NULL,                           -- deleting it erases the words from the chain's reach
    PRIMARY KEY (case_id, seq)
);

CREATE TABLE talk_marks (                                -- up to where each person has read
    case_id uuid NOT NULL,
    person  text NOT NULL,
    upto    integer NOT NULL,
    PRIMARY KEY (case_id, person)
);

GRANT SELECT, INSERT, UPDATE ON talk_lines TO onbeat_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON talk_marks TO onbeat_app;
