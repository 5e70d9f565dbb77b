"""What no act, in any order, may leave in the record: each law a row in its own words where it is broken.

`LAWS` hold after every step; `OVERDUE` after sweepers have looked. `test_laws.py` breaks each one by hand.
"""

from typing import Final

SEATS: Final = """
SELECT 'more officers than seats' FROM cases c JOIN assignments a ON a.case_id = c.id AND a.active
    GROUP BY c.id, c.seats HAVING count(*) > c.seats
UNION ALL SELECT 'two on one seat' FROM assignments WHERE active GROUP BY case_id, seat HAVING count(*) > 1
UNION ALL SELECT 'one officer twice on a case' FROM assignments WHERE active
    GROUP BY case_id, officer_id HAVING count(*) > 1
UNION ALL SELECT 'more cases than slots' FROM officers o JOIN assignments a ON a.officer_id = o.id AND a.active
    GROUP BY o.id, o.slots HAVING count(*) > o.slots
UNION ALL SELECT 'held ' || o.held || ' is not what the officer holds' FROM officers o
    WHERE o.held <> (SELECT count(*) FROM assignments a WHERE a.officer_id = o.id AND a.active)
UNION ALL SELECT 'holds a case off duty' FROM officers WHERE held > 0 AND NOT on_duty
UNION ALL SELECT 'a ' || c.status || ' case has an active seat' FROM cases c JOIN assignments a ON a.case_id = c.id
    AND a.active WHERE c.status IN ('cleared', 'withdrawn', 'merged')
UNION ALL SELECT 'a ' || c.status || ' case without an officer' FROM cases c
    WHERE c.status IN ('claimed', 'en_route', 'on_scene')
    AND NOT EXISTS (SELECT FROM assignments a WHERE a.case_id = c.id AND a.active)
UNION ALL SELECT 'a round was won twice' FROM events WHERE kind = 'claimed'
    GROUP BY case_id, body ->> 'round' HAVING count(*) > 1
"""
TIMERS: Final = """
SELECT 'a ' || c.status || ' case has a timer: ' || d.kind FROM cases c JOIN deadlines d ON d.case_id = c.id
    WHERE c.status IN ('cleared', 'withdrawn', 'merged')
UNION ALL SELECT 'an offer without its window' FROM cases c WHERE c.status = 'offered'
    AND NOT EXISTS (SELECT FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'window')
UNION ALL SELECT 'nobody is reminded of a case in a queue' FROM cases c WHERE c.status = 'at_station'
    AND c.acknowledged_at IS NULL AND c.alarms < limit_of('ALARMS_MAX')
    AND NOT EXISTS (SELECT FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'ack')
UNION ALL SELECT 'what was put off wakes nobody' FROM cases c WHERE c.status = 'at_station' AND c.desk ? 'until_us'
    AND NOT EXISTS (SELECT FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'ack')
UNION ALL SELECT 'nobody asks on scene whether all is well' FROM cases c JOIN categories k ON k.id = c.category
    WHERE c.status = 'on_scene' AND k.check_in_s IS NOT NULL
    AND EXISTS (SELECT FROM assignments a WHERE a.case_id = c.id AND a.active AND a.state = 'on_scene')
    AND NOT EXISTS (SELECT FROM deadlines d WHERE d.case_id = c.id AND d.kind = 'check_in')
    AND NOT EXISTS (SELECT FROM events e WHERE e.case_id = c.id AND e.kind LIKE 'check_in_%'
        AND (e.body ->> 'nr')::integer >= limit_of('ALARMS_MAX'))
UNION ALL SELECT 'who is on scene is watched as if on the way' FROM assignments WHERE active AND state = 'on_scene'
    AND watch IN ('nudged', 'alarmed')
UNION ALL SELECT 'a check of an officer has no end' FROM assignments a WHERE a.active AND a.watch_due IS NOT NULL
    AND NOT EXISTS (SELECT FROM deadlines d WHERE d.case_id = a.case_id AND d.kind = 'welfare')
UNION ALL SELECT 'an alarm rang twice' FROM events e JOIN events b ON b.case_id = e.case_id AND b.seq = e.seq - 1
    WHERE e.kind = 'alarm_raised' AND b.kind = 'alarm_raised'
    AND (b.body ->> 'nr')::integer >= (e.body ->> 'nr')::integer
UNION ALL SELECT 'fell back more often than it was offered' FROM cases c JOIN events e ON e.case_id = c.id
    WHERE e.kind = 'fell_back' GROUP BY c.id, c.round HAVING count(*) > c.round
"""
GROUPS: Final = """
SELECT 'a report follows nobody, or follows on' FROM cases c LEFT JOIN cases s ON s.id = c.merged_into
    WHERE c.status = 'merged' AND (s.id IS NULL OR s.status IN ('merged', 'withdrawn') OR NOT c.id = ANY (s.reports))
UNION ALL SELECT 'a case stands for one that goes its own way' FROM cases s, unnest(s.reports) r
    JOIN cases c ON c.id = r
    WHERE c.status <> 'merged' OR c.merged_into <> s.id
UNION ALL SELECT 'practice and real in one' FROM cases c JOIN cases s ON s.id = c.merged_into
    WHERE c.exercise <> s.exercise
"""
HISTORY: Final = """
SELECT 'a gap in the offsets of ' || s.stream FROM streams s LEFT JOIN events e USING (stream)
    GROUP BY s.stream, s.next_offset
    HAVING count(e) <> s.next_offset OR coalesce(max(stream_offset), 0) <> s.next_offset
UNION ALL SELECT 'a gap in a history' FROM cases c LEFT JOIN events e ON e.case_id = c.id
    GROUP BY c.id, c.seq HAVING count(e) <> c.seq OR max(e.seq) <> c.seq
UNION ALL SELECT 'its age was not kept' FROM cases c JOIN events e ON e.case_id = c.id AND e.seq = 1
    WHERE e.kind <> 'received' OR e.at <> c.received_at
    AND NOT (e.body ? 'split_from' AND c.received_at < e.at)  -- what was split off is as old as the report
UNION ALL SELECT 'asked twice in one round' FROM waves w JOIN waves v USING (case_id, round)
    WHERE w.seq < v.seq AND w.recipients && v.recipients
UNION ALL SELECT 'asked again after ' || e.kind FROM events e JOIN waves w ON w.case_id = e.case_id AND w.seq >= e.seq
    WHERE e.officer = ANY (w.recipients)
    AND e.kind IN ('handed_back', 'handed_to_desk', 'seat_handed_back', 'silent', 'silent_to_desk')
UNION ALL SELECT 'pulled to what is no worse' FROM events e JOIN cases h ON h.id = e.case_id
    JOIN cases w ON w.id = (e.body ->> 'for')::uuid
    JOIN categories hk ON hk.id = h.category JOIN categories wk ON wk.id = w.category
    WHERE wk.priority >= hk.priority
UNION ALL SELECT 'sent to something worse with an open check' FROM events e JOIN LATERAL (
    SELECT q.kind, q.body FROM events q WHERE q.case_id = e.case_id AND q.officer = e.officer AND q.seq < e.seq
        AND q.kind IN ('welfare_asked', 'welfare_answered', 'welfare_missed', 'watch_eased', 'set_out', 'arrived',
            'claimed', 'seat_filled', 'assigned', 'reassigned', 'officer_added')
    ORDER BY q.seq DESC LIMIT 1) q ON q.kind IN ('welfare_asked', 'welfare_missed')
    WHERE e.body ? 'for'
UNION ALL SELECT 'a hoax that no supervisor called so' FROM cases c WHERE c.disposition = 'hoax' AND NOT EXISTS (
    SELECT FROM events e WHERE e.case_id = c.id AND e.kind IN ('cleared', 'reclassified')
        AND e.actor LIKE 'supervisor:%' AND e.body ->> 'disposition' = 'hoax')
UNION ALL SELECT 'rated twice' FROM events WHERE kind = 'rated' GROUP BY case_id HAVING count(*) > 1
UNION ALL SELECT 'advised twice for the same reason' FROM events WHERE kind = 'advised'
    GROUP BY case_id, body -> 'advice' -> 'rules' HAVING count(*) > 1
UNION ALL SELECT 'an officer ended a call for help' FROM events WHERE kind = 'panic_cleared' AND actor LIKE 'officer%'
UNION ALL SELECT 'a call for help ended without a reason' FROM panics WHERE cleared_at IS NOT NULL
    AND coalesce(reason, '') = ''
"""
LAWS: Final = " UNION ALL ".join((SEATS, TIMERS, GROUPS, HISTORY))
OVERDUE: Final = """
SELECT 'a window was open past its deadline' FROM cases WHERE status = 'offered' AND offer_deadline <= $1
UNION ALL SELECT 'not fired: ' || d.kind FROM deadlines d JOIN cases c ON c.id = d.case_id
    WHERE d.due_at <= $1::timestamptz AND NOT (d.kind = 'wave' AND (c.status <> 'offered' OR c.round <> d.round))
"""
"""At $1. A wave of an offer that was answered stays until its window would have ended: a claim pays for no deletion."""
