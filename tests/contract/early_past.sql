-- What stands beside the cases of scripts/growth/fill.sql after some months of a town: a thousand rows that are over of
-- each kind, and what is not over: people, their sessions, seats that are held.

CREATE TEMP TABLE staff AS
    SELECT n, md5('officer ' || n)::uuid AS officer, md5('account ' || n)::uuid AS account FROM generate_series(1, 400) n;
CREATE TEMP TABLE over AS
    SELECT n, id, md5('over ' || n)::uuid AS made, sha256(n::text::bytea) AS mac, md5('officer ' || 1 + n % 400)::uuid AS officer,
        md5('account ' || 1 + n % 400)::uuid AS account, now() - interval '40 days' + n * interval '1 minute' AS at
    FROM (SELECT row_number() OVER (ORDER BY id) AS n, id FROM cases WHERE status = 'cleared') k;

INSERT INTO accounts (id, login, password, role, station, officer)
    SELECT account, 'past-' || n, 'x', 'officer', 's1', officer FROM staff;
INSERT INTO identities SELECT 'https://id.example', 'past-' || n, account, now() FROM staff;
INSERT INTO factors (id, account, kind, name, secret, made_at) SELECT officer, account, 'totp', 'app', '\x00', now() FROM staff;
INSERT INTO recovery_codes SELECT account, sha256(k::text::bytea) FROM staff, generate_series(1, 10) k;
INSERT INTO desk_shifts SELECT account, 's1', now() - interval '10 days' FROM staff WHERE n <= 100;

-- Sessions: one that is live for each, and those that ended, which a sweeper has not removed yet; phones of both.
INSERT INTO sessions (id, token_mac, account, role, station, officer, expires_at, seen_at)
    SELECT officer, sha256(officer::text::bytea), account, 'officer', 's1', officer, now() + interval '7 days', now() FROM staff;
INSERT INTO sessions (id, token_mac, account, role, station, officer, expires_at, revoked_at)
    SELECT made, mac, account, 'officer', 's1', officer, now() - interval '12 hours', at FROM over;
INSERT INTO sessions (id, token_mac, role, station, case_id, expires_at)
    SELECT md5('receipt ' || n)::uuid, sha256(('receipt ' || n)::bytea), 'reporter', 's1', id, now() + interval '1 day' FROM over;
UPDATE idempotency SET at = now() - interval '2 days' WHERE scope <> 'report' AND key LIKE '%7';
UPDATE track SET at = now() - interval '40 days' WHERE case_id IN (SELECT id FROM over WHERE n <= 5);
INSERT INTO tickets_used SELECT mac, now() + interval '1 minute' FROM over;
INSERT INTO push_subscriptions (id, session, account, officer, endpoint, p256dh, auth, at)
    SELECT officer, officer, account, officer, 'https://push.example/' || n, decode(repeat('00', 65), 'hex'),
        decode(repeat('00', 16), 'hex'), now() FROM staff;
INSERT INTO push_rings SELECT id, 1, officer, now(), now() FROM over;

-- Of cases that are over.
INSERT INTO talk_lines SELECT id, 3, 'reporter:' || id, NULL, at, 'Where are you?', '\x00' FROM over;
INSERT INTO talk_marks SELECT id, 'officer:' || officer, 3 FROM over;
INSERT INTO place_reads (case_id, reader, at, hazards, earlier) SELECT id, 'officer:' || officer, at, '{}', '{}' FROM over;
INSERT INTO audit_chains SELECT 'read:' || id, 1, mac FROM over;
UPDATE audit SET at = at - interval '20 days';
INSERT INTO audit SELECT 'read:' || id, 1, at, 'desk:' || account, 'history', '{}', mac FROM over;
INSERT INTO panics (id, officer_id, station, raised_at, alerted, cleared_at) SELECT made, officer, 's1', at, '{}', at FROM over;
INSERT INTO hazards (id, station, lat, lon, words, reason, written_by, written_at, expires_at, ended_at)
    SELECT made, 's1', 32.0512, 118.8013, 'A dog.', 'Seen.', account, at, at + interval '90 days', at FROM over;
INSERT INTO changes (at, actor, kind, subject, verb, reason) SELECT at, 'admin:' || account, 'person', 'past-1', 'changed', 'So.' FROM over;
INSERT INTO phone_codes (id, number_mac, block_mac, sealed, code_mac, asked_at, expires_at)
    SELECT made, mac, mac, mac, mac, now() - interval '5 minutes', now() FROM over;
INSERT INTO vault.reporters SELECT id, mac, NULL, at FROM over;
INSERT INTO vault.histories SELECT mac, mac, now()::date - 1 FROM over;
INSERT INTO events (stream, stream_offset, kind, actor, officer, at, body)
    SELECT 's1', (SELECT next_offset FROM streams WHERE stream = 's1') + n, 'duty', 'officer:' || officer, officer, at, '{"on": true}'
    FROM over;
UPDATE streams SET next_offset = next_offset + 1000 WHERE stream = 's1';

-- Of the open ones every other offer is taken: its officer is on the way, and watched.
WITH taken AS (
    SELECT k.id, o.officer FROM (SELECT id, row_number() OVER () AS n FROM cases WHERE status = 'offered') k
    JOIN staff o USING (n) WHERE k.n % 2 = 0
), seated AS (
    INSERT INTO assignments (case_id, officer_id, seat, slot, round, fence, claimed_at, watch, watch_due)
    SELECT id, officer, 1, 1, 1, 1, now(), 'nudged', now() + interval '1 hour' FROM taken
), timed AS (
    INSERT INTO deadlines (case_id, kind, station, due_at, round)
    SELECT id, 'welfare', 's1', now() + interval '1 hour', 1 FROM taken
), busy AS (
    UPDATE officers SET held = 1 FROM taken WHERE officers.id = taken.officer
)
UPDATE cases SET status = 'claimed', fence = 1, claimed_by = officer, claimed_at = now() FROM taken WHERE cases.id = taken.id;
