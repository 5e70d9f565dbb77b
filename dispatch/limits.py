"""Every number of the service, with its unit last in the name and its reason beside it.

An operator may change what `gateway.settings` reads from the environment; a category may override a window or
the rings (`categories.window_ms`, `categories.rings_m` in the database). Nothing else in the code holds a number
that a dispatcher would call a policy.
"""

from typing import Final

# --- the offer -------------------------------------------------------------------------------------------------
OFFER_WINDOW_MS: Final = 60_000  # the owner's promise: unclaimed after 60 s, the case is at the station's desk
RINGS_M: Final = (
    1_500,
    3_000,
    6_000,
)  # first ring at once; 6 km is about 15 min in town, the widest worth asking
WAVE_INTERVAL_MS: Final = 15_000  # three rings in the first 30 s leave the widest one half of the window
OFFER_RECIPIENTS_MAX: Final = 50  # SPEED.md's yardstick: nearest 50; more phones ring for nothing
STATION_RECIPIENTS_MAX: Final = 200  # fail open to the whole station (positions away): bounded all the same
SEATS_MAX: Final = 4  # officers on one case; more than four is an operation, not a call
SLOTS_DEFAULT: Final = 1  # one officer holds one active case unless the station raises it
BEST_OFFICER_TURN_MS: Final = 8_000  # one officer's turn: time to read a card; seven turns fit into the window
HEAD_START_MS_MAX: Final = 30_000  # the beat's own officers get half of the promised minute at most
HAND_BACKS_MAX: Final = 2  # the second hand-back brings a case to the desk, unless the station says another
SHIFT_LAST_MIN: Final = 15  # minutes before the end of a shift in which nobody is asked: a case takes about so long
RINGS_MAX: Final = 8  # rings of one category; more would pass by faster than anybody can answer
ROUNDS_MAX: Final = 20  # offers of one case; beyond that only the desk may act

# --- several reports of one incident ---------------------------------------------------------------------------
DUPLICATE_M: Final = 150  # two pins on one incident: a city block, and a phone's fix indoors
DUPLICATE_S: Final = 3_600  # between two reports of one incident; later it is rather happening again
DUPLICATES_SHOWN_MAX: Final = 10  # suggestions for one case: a person looks through no more
REPORTS_MAX: Final = 50  # reports that one case stands for: each fact of it tells all their reporters

# --- the desk --------------------------------------------------------------------------------------------------
DESK_ACK_MS: Final = 20_000  # the desk acknowledges within 20 s or the supervisor is alarmed
HOLD_MIN_MAX: Final = 12 * 60  # a case held longer than a shift is forgotten by those who held it
APPOINTMENT_AHEAD_MIN_MAX: Final = 14 * 24 * 60  # two weeks ahead; later than that is a refusal in disguise
APPOINTMENT_LASTS_MIN_MAX: Final = 8 * 60  # nobody is asked to wait for longer than a working day
BODY_CHARS_MAX: Final = 120  # the name of another body
FALLS_MAX: Final = 10  # stations looked through for one that is staffed; then the catch-all
DESK_SHIFT_S: Final = 12 * 3600  # a desk's shift counts no longer than its session can last
ALARMS_MAX: Final = 30  # repeated alarms of one case; then it only stands in the list, in red

# --- the talk on a case ----------------------------------------------------------------------------------------
TALK_CHARS_MAX: Final = 1_000  # of one line: what fits a phone's screen twice
TALK_PER_MIN_MAX: Final = 20  # lines of one person on one case in a minute: a fast typist, no machine
TALK_LINES_MAX: Final = 1_000  # lines on one case: days of talk; more belongs in a file
TALK_KEPT_LINES: Final = (
    50  # the latest lines that a process keeps and a snapshot carries; earlier ones are read in pages
)
TALK_SNAPSHOT_BYTES_MAX: Final = 65_536  # lines in one snapshot: a quarter of the outbox, beside the cases themselves

# --- shifts ---------------------------------------------------------------------------------------------------
SHIFT_MIN_MAX: Final = 24 * 60  # minutes; a longer shift is a mistyped one

PRIORITY: Final = 3  # of a category that has none of its own: 1 is the highest, 5 the lowest

# --- the end of a case -----------------------------------------------------------------------------------------
OBJECTION_S: Final = 14 * 24 * 3600  # after clearing: time to be back from a journey and to ask somebody
STARS_MAX: Final = 5  # a rating is 1 to 5
WORD_TRIES_MAX: Final = 5  # wrong words at the door: five of ten thousand guess it once in two thousand times

# --- officers on the way --------------------------------------------------------------------------------------
WATCH_TURN_S: Final = 1.0  # how often a sweeper asks for steps whose time is up
WATCH_LOOK_S: Final = 2.0  # ... and looks where everyone on the way is: well under a phone's 5 s
WATCHED_MAX: Final = 2_000  # seats in one look, the longest held first: more than a city has on the way
WATCH_PROGRESS_M: Final = 100.0  # nearer by so much is progress; less is a resting phone's wandering
WATCH_NEAR_M: Final = 150.0  # so near an officer parks, walks and climbs stairs: no sign is seen there
WATCH_FIXES_MIN: Final = 6  # fixes without progress before anything is noticed: 30 s of a phone on duty
WATCH_STALL_S: Final = 180.0  # no nearer for so long: longer than any light or jam that moves at all
WATCH_AWAY_M: Final = 800.0  # further than before by so much is no way around a block or to the next bridge
WATCH_AWAY_S: Final = 120.0  # ... and for so long
WATCH_DARK_S: Final = 300.0  # no fix for so long: a phone in a pocket is silent for minutes, and that is normal
WATCH_NUDGE_MS: Final = 60_000  # after the nudge, before the desk is told
WATCH_ALARM_MS: Final = 60_000  # after the desk was told, before the welfare check: it may simply telephone
WELFARE_MS: Final = 120_000  # to answer the check by one tap: time to stop the car
WATCH_REST_MS: Final = 300_000  # after an answer nobody asks again for so long

# --- positions -------------------------------------------------------------------------------------------------
FIX_AGE_S_MAX: Final = 30.0  # an older fix never ranks (phones on duty send every 5 s)
FIX_APART_S: Final = 0.5  # two fixes nearer in time are one that was told twice: clocks are read one after the other
FIX_ACCURACY_M_MAX: Final = 100.0  # a worse fix never ranks
FIX_INTERVAL_S: Final = 5.0  # what a phone on duty is asked for
FIX_FLUSH_S: Final = 0.25  # positions go to Redis this often, latest wins
FIX_STORE_FLUSHES: Final = 4  # ... and into the index, which only a starting process reads, once a second
FIX_STORE_MAX: Final = 500  # ... so many in one call: 2 ms of the event loop
FIX_BATCH_MAX: Final = 2_000  # ... or when so many have gathered
GENERATION_AGE_S_MIN: Final = 10.0  # a younger position index is not trusted: the offer goes to the whole station
TRACK_DELAY_S: Final = 5.0  # a citizen sees the officer this late
TRACK_COARSE_M: Final = 200.0  # cell of a tracked position until the officer is near
TRACK_S: Final = 1.0  # how often a reporter and a desk hear of positions
TRACK_STEPS_MAX: Final = 200  # ... seats, officers and sockets looked at in one turn of the loop: 10 to 40 us each
MOVED_MAX: Final = 500  # officers in one message to a desk: 66 kB, well under OUTBOX_BYTES_MAX
TRACK_START_HIDDEN_M: Final = 300.0  # of the place where the way began nothing is shown: it may be a home
TRACK_NEAR_ACCURACY_M: Final = 20.0  # what is said of a near position
TRACK_NEAR_M: Final = 500.0  # nearer than this the position is shown as it is
INCIDENT_CELL_M: Final = 100.0  # an offer's card shows the place by this grid; the winner sees the point
REJOIN_CELL_M: Final = 250.0  # an officer who enters another such cell is matched with the open offers

# --- officers' safety ------------------------------------------------------------------------------------------
CHECK_IN_ANSWER_MS: Final = 60_000  # an officer on scene has hands full; then the desk is told, and again each time
HAZARD_M: Final = 50  # a note or an earlier case so near is of this place: a house and its yard, a fix's error
HAZARD_HOURS_MAX: Final = 24 * 365  # a note that nobody renews in a year is a rumour
EARLIER_DAYS: Final = 90  # what happened there longer ago tells little of today
PLACE_ITEMS_MAX: Final = 20  # read on a phone at the door: notes, and earlier cases
PANIC_RADIUS_M: Final = 6_000  # as far as the widest ring: about 15 min in town
PANIC_OFFICERS_MAX: Final = 10  # nearest; more would empty the district
PANIC_TRIES_MAX: Final = 5  # a stream held elsewhere is waited for before a phone has to ask again
PANIC_PAUSE_S: Final = 0.1  # ... between two of them
PANIC_FIX_AGE_S_MAX: Final = 600.0  # the last known place of who called for help, however old, beats none

# --- words and sizes -------------------------------------------------------------------------------------------
WORDS_CHARS_MAX: Final = 2_000
WORDS_CHARS_MIN: Final = 1
BODY_BYTES_MAX: Final = 65_536  # an HTTP body without media
HEAD_BYTES_MAX: Final = 16_384  # of a request: twice what the usual proxies let through
HEAD_S_MAX: Final = 10.0  # for a request's head to arrive; longer is no bad line but somebody holding a connection
BODY_S_MAX: Final = 10.0  # for a body; the same
BODY_PROMPT_S: Final = 0.3  # a body that took longer asks again whose it is: a session's end must count within a second
LINGER_S: Final = 2.0  # between an answer that ends a connection and its close: several round trips of a bad line
AREAS_BODY_BYTES_MAX: Final = 16 * 1024 * 1024  # an area import
MESSAGE_BYTES_MAX: Final = 8_192  # a message from a socket: nothing legal is larger
KEY_CHARS_MIN: Final = 16
KEY_CHARS_MAX: Final = 64
REASON_CHARS_MAX: Final = 500
ANSWERS_MAX: Final = 16  # to an advice's questions, in one draft

# --- administration --------------------------------------------------------------------------------------------
TOWN_POLL_S: Final = 1.0  # how often a process asks whether the town was changed: one small row
TOWN_RELOAD_S: Final = 5.0  # ... and reads it whatever was said: hours of summer time, an operator's own SQL
PEOPLE_PAGE: Final = 200  # people in one answer; a page shows fewer, a script asks again
CHANGES_PAGE: Final = 100  # changes in one answer, the latest first
CHANGE_CHARS_MAX: Final = 20_000  # of what was before and after, as told; all of it stays in the record
NAME_CHARS_MAX: Final = 80  # of a station or a category: one line of a phone
CALL_SIGN_CHARS_MAX: Final = 16  # said over the radio and shown on a map
SKILLS_MAX: Final = 20  # of one officer
SLOTS_MAX: Final = 10  # as the table `officers` checks it
PATIENCE_MS: Final = (100, 3_600_000)  # as the table `categories` checks it
CHECK_IN_S: Final = (1, 86_400)  # the same
HAND_BACKS: Final = (1, 20)  # as the table `stations` checks it
PASSWORD_CHARS: Final = 20  # of a made one: 20 of 31 signs are 99 bits, and nobody mistakes one for another

# --- reports: friction, never a refusal (dispatch/abuse) ----------------------------------------------------------
REPORT_WINDOW_S: Final = 600  # what is counted together: longer than a burst, shorter than anybody's memory of it
REPORTS_PER_ADDRESS: Final = 6  # without work: somebody who saw a lot today, or a household
REPORTS_PER_BLOCK: Final = 30  # the same of a network block: an office, a school, a carrier's gateway
REPORTS_PER_EVERYONE: Final = 3_000  # five a second, fifty times a large station's day: then everybody works a little
REPORTS_PER_ADDRESS_DESK: Final = 60  # past that, work or not, a person looks first: one every ten seconds
REPORTS_PER_BLOCK_DESK: Final = 300  # the same of a block
REPORTS_PER_PLACE_DESK: Final = 12  # of one cell: by then officers are asked, and a desk merges what is one incident
REPORTS_PER_NUMBER_DESK: Final = 5  # with one confirmed number
TRUST_DAYS: Final = 180  # a number's earlier reports count so long: who was wrong last year is not judged by it
TRUST_HOAXES: Final = 2  # hoaxes that a supervisor found, from which on the desk looks first: one may be a mistake
TRUST_TRUE: Final = 2  # reports that proved true, from which on the desk is told so
TRUST_CASES_MAX: Final = 20  # of a number's cases that are kept, the latest: a report a week
REPORT_CELL_DEG: Final = 0.001  # side of that cell: 111 m by some 95 m here, a house and its neighbours
REPORT_LIMITS_DEMO: Final = 100.0  # times all of these in the demonstration, where many people share one address
READS_PER_MIN_MAX: Final = 600  # of a person by each process, then ten a second; to open a case takes five
READ_LIMITS_DEMO: Final = 100.0  # times that in the demonstration, where programs read for people
READERS_MAX: Final = 10_000  # people whose reads are remembered before those who rest are forgotten
WORK_PARTS: Final = 16  # small questions instead of one: nobody is very unlucky, and a page can tell how far it is
WORK_BITS: Final = (13, 15)  # of each part, first and most: 131,000 hashes on average, 0.3 to 0.6 s of a phone
WORK_S: Final = 600  # a question lasts so long: a phone may be slow, its line slower
ABUSE_SHARE_S: Final = 0.25  # counts are told to the fleet so often: what several processes may let through meanwhile
ABUSE_SHARE_MAX: Final = 500  # names in one telling: a millisecond of Redis
ABUSE_COUNTS_MAX: Final = 50_000  # names remembered by a process, some 10 MB; the longest unseen go first

# --- sign-in ---------------------------------------------------------------------------------------------------
SESSION_S: Final = 12 * 3600  # a shift and its hand-over
ENDED_LOOK_S: Final = 60.0  # how far back a look for ended sessions goes: longer than any statement may run
SESSIONS_SHOWN_MAX: Final = 50  # of one person in the list of one's own; more are ended all at once
SESSION_IDLE_S: Final = 3_600  # without a request or a socket, of who works here (NIST SP 800-63B-4, 2.2.3, at AAL2)
SESSION_SEEN_S: Final = 300  # that it is used is written so often: a row in five minutes, a twelfth of the hour
SESSIONS_SEEN_MAX: Final = 1_000  # written in one call, of the open sockets of a process
SESSION_PROOF_S: Final = 600  # so long ago who ends other sessions may have shown who they are: time to look, no lunch
RECEIPT_SESSION_S: Final = 24 * 3600
TICKET_S: Final = 30  # a socket ticket is used at once or not at all
CLOCK_READING_S_MAX: Final = 1.0  # a reading of the database's clock is wrong by half of it; tickets allow for that
IDEMPOTENCY_S: Final = 24 * 3600  # longer than any session: nobody is left who could ask with an older act's key

REFUSALS_TOLD_PER_MIN: Final = 60  # lines of the log about what was refused: a guesser fills no disk

# --- sockets ---------------------------------------------------------------------------------------------------
OUTBOX_BYTES_MAX: Final = 256 * 1024  # unsent bytes of one socket; a slower one is closed with "resume"
STALLED_S_MAX: Final = 8.0  # unsent bytes for so long without progress: closed with "resume"
UNTAKEN_S_MAX: Final = 9.0  # sent and not taken by the peer's kernel for so long: cut; 1 s after a stall's close frame
HELLO_S_MAX: Final = 5.0  # a socket that has not said hello by then goes away
BEAT_S: Final = 5.0  # heartbeat with the top offsets, so that a deaf client notices
SILENT_S_MAX: Final = 45.0  # nothing heard from the peer (pong included): closed
MESSAGES_PER_S_MAX: Final = 50  # sustained, per socket, beyond a burst of as many
CLAIMS_PER_MIN_MAX: Final = 60  # an officer, in one process: a burst of as many, then one a second
REFUSED_MESSAGES_MAX: Final = 20  # malformed messages of one socket before it is closed
HANDSHAKES_PER_S_MAX: Final = 4_000  # admitted a second by one process; the rest: 503 with Retry-After

# --- streams ---------------------------------------------------------------------------------------------------
RESUME_FACTS_MAX: Final = 2_000  # more missed than this: a declared snapshot is cheaper for both
RESUME_BYTES_MAX: Final = (
    OUTBOX_BYTES_MAX // 2
)  # what was missed must fit the outbox with room for what comes meanwhile
SNAPSHOT_ITEMS_MAX: Final = (
    250  # cases or offers in a snapshot, oldest first (at most 500 bytes each); it says how many it left out
)
STREAM_MEMORY_FACTS_MAX: Final = 2 * RESUME_FACTS_MAX  # facts of one stream kept by a web process: more is of no use
STREAM_MEMORY_S: Final = 900.0  # ... and for how long
REORDER_S_MAX: Final = 0.05  # a hole in a stream is waited for so long, then read from the database
HEADS_POLL_S: Final = 0.5  # how often a process asks the database for the streams' heads
RELAY_POLL_S: Final = 0.25
SWEEP_S: Final = 0.25  # a sweeper's tick
SWEEP_BATCH_MAX: Final = 200  # cases of one station in one transaction
TRACK_KEPT_S: Final = 30 * 24 * 3600  # an officer's way: as long as somebody may ask who came when, and no archive
PRUNE_S: Final = 60.0  # how often a sweeper looks for what has had its time; at every tick while there is more
PRUNE_ROWS_MAX: Final = 1_000  # rows of a kind in one call: some 10 ms in a tick, 4,000 rows a second for one sweeper

# --- batches ---------------------------------------------------------------------------------------------------
BATCH_ITEMS_MAX: Final = 256  # judged in one server-side call
BATCH_BESIDE_S: Final = 0.03  # a call that takes longer is held by somebody's lock: the next one no longer waits for it
BATCH_CROWD_S: Final = 0.05  # calls that begin within so much of each other: a crowd, whose batches may grow
LULL_S_MIN: Final = 0.003  # ... for so long, since who was just answered asks again
LULL_S_MAX: Final = 0.02  # ... at most, while there is other work: a call alone costs a millisecond
BUSY_TURN_S: Final = 60e-6  # a turn of the event loop that took longer had work to do
BATCH_QUEUE_MAX: Final = 20_000  # waiting; beyond it a caller hears 503 with Retry-After
BATCH_FEW: Final = 8  # so many may always go into one call: below that the call itself is what takes time
REPORT_CALL_S: Final = 0.2  # a call with reports holds its stations' streams for so long, and sweepers wait for them
REPORT_WAIT_S_MAX: Final = 1.0  # a report that would wait longer hears 503; its phone repeats with the same key
CLAIM_LEADERS: Final = 1  # claims of one case before the judge at once; the rest wait for its answer

# --- the database ----------------------------------------------------------------------------------------------
LOCK_TIMEOUT_MS: Final = 1_000  # a claim that waits longer is answered "busy: ask again with the same key"
BATCH_LOCK_MS: Final = (
    50  # a batch waits so long for a row; then each claim is judged alone, and only the blocked one waits
)
STATEMENT_TIMEOUT_MS: Final = 3_000
IDLE_IN_TRANSACTION_MS: Final = 2_000  # a frozen process must not hold a case
CALL_S_MAX: Final = 5.0  # what a caller waits for the database before it hears 503
OPENINGS_MAX: Final = 2  # new connections of a process at once: each plans its functions anew, 20 to 50 ms of work
OPENING_S_MAX: Final = 0.25  # ... for so long at most: its first call may wait for a row that somebody holds
REDIS_S_MAX: Final = 1.0  # nothing in Redis is worth a longer wait

# --- figures ---------------------------------------------------------------------------------------------------
FIGURES_DAYS_MAX: Final = 92  # a quarter; longer comparisons are made of several answers
FIGURES_CELL_M: Final = 1_000.0  # places that wait: large enough to hide a home, small enough to send somebody
FIGURES_PLACE_CASES_MIN: Final = 3  # fewer cases of a place are somebody's story, not a figure
FIGURES_WAITING_MAX: Final = 20  # places or categories named
FIGURES_S_MAX: Final = 20.0  # a person waits for it once a day; beyond it a shorter time is asked for
FAIRNESS_ON_DUTY_S_MIN: Final = 300.0  # who was on duty for less is no comparison: one claim would be twelve an hour

# --- audit
WITNESS_S: Final = (
    60.0  # the heads of all chains are signed and written outside so often: what a thief of the log could take unseen
)
AUDIT_PAGE: Final = 200  # entries of a chain in one answer

# --- telephones
CODE_S: Final = 600  # a code lasts ten minutes: a message may be slow
CODE_ASKED_S: Final = 0.25  # until it is answered that a code is on its way, sent or not: longer than what is counted
SMS_AT_ONCE_MAX: Final = 16  # messages handed to the gateway at a time, by one process
SMS_WAITING_MAX: Final = 1_000  # of a process on their way: a gateway that is away; two minutes of a whole city's codes
SMS_CARRIED_S: Final = 60  # tried for so long: who waits longer has asked for another, and a code lasts ten minutes
SMS_PAUSE_S: Final = 3.0  # between two tries, each of which may take ten seconds
SMS_END_S: Final = 3.0  # for what is on its way when the process is told to stop
CODE_TRIES_MAX: Final = 5  # of a code: one guess in 200,000 succeeds
CODES_PER_NUMBER_H: Final = 5  # messages to one telephone in an hour: nobody's phone is made to ring all night
CODES_PER_BLOCK_H: Final = 60  # from one network block: an office or a carrier's gateway, not a pump
TRIES_PER_NUMBER_H: Final = 10  # over all codes of a number
CONFIRMED_S: Final = 86_400  # a confirmed number serves for reports of a day
SMS_PER_DAY: Final = 500  # messages a day by default, five times a station's cases; an operator sets their own
IDENTITY_REASON_CHARS_MIN: Final = 10  # "why" in less than that is no reason
REPORTER_NAME_CHARS_MAX: Final = 80  # as people write their own; anything longer is no name

# --- ringing locked phones -------------------------------------------------------------------------------------
PUSH_SUBSCRIPTIONS_MAX: Final = 5  # of one account: a phone, its browser reinstalled, a spare; the oldest goes
PUSH_ENDPOINT_CHARS_MAX: Final = 1_024  # the known services' addresses have 150 to 500
PUSH_QUEUE_MAX: Final = 2_000  # rings waiting for one push service; the oldest, whose window ends first, goes
PUSH_SENDERS: Final = 8  # rings on their way to one push service: its slowness is no other's
PUSH_S_MAX: Final = 5.0  # one attempt; a window has sixty
PUSH_TRIES_MAX: Final = 3  # of one ring, while its window is open
PUSH_RETRY_S: Final = 0.5  # before the second attempt, twice that before the third; a service may ask for more
PUSH_LEFT_MS_MIN: Final = 3_000  # a phone that rings for less helps nobody: it has to be unlocked first
PUSH_LOOK_S: Final = 2.0  # how often a pusher looks who may be rung, and what nobody rang
PUSH_CLAIM_S: Final = 10  # a ring that was claimed so long ago and not sent: its process has died
PUSH_WANTED_MAX: Final = 2_000  # pairs of offer and officer in one question
PUSH_KEPT_S: Final = 3_600  # rings remembered: longer than any window of a case
PUSH_ANSWER_BYTES_MAX: Final = 4_096  # of a push service's answer; only its status is read
VAPID_S: Final = 12 * 3600  # a token of ours for one push service; RFC 8292 allows 24 h

# --- second factors
CHOSEN_CHARS_MIN: Final = 12  # of a chosen password: beside a second factor 8 would do (NIST SP 800-63B, 3.1.1.2)
CHOSEN_CHARS_MAX: Final = 256  # hashing takes longer with more; sentences fit
CHOSEN_SIGNS_MIN: Final = 5  # different ones beside the login: aaaaaaaaaaaa and the login itself are found first
CHOSEN_BESIDE_CHARS_MIN: Final = 8  # beside words of the house: what a password alone must have (the same)
MADE_H: Final = 72  # a password made by somebody else: handed over by the next shift, a weekend between
SECOND_S: Final = 300  # between the password and the second factor: time to find the phone
SECOND_REFUSED_H: Final = 20  # entries of refused factors an account and hour: a guesser fills no disk
FACTORS_MAX: Final = 10  # of an account: a phone, a key, a spare, and some that were forgotten

# --- an identity provider
OIDC_S_MAX: Final = (
    5.0  # one question to the provider, its whole answer read: a person looks at an empty page meanwhile
)
OIDC_BYTES_MAX: Final = 256 * 1024  # of any answer: the largest documents and key sets in use have some 30 KiB
OIDC_KEPT_S: Final = 3_600  # its document and keys are asked for again so often: what a provider withdraws ends by then
OIDC_AGAIN_S: Final = 60  # ... and its keys at most so often because a token names one that is unknown
OIDC_PAUSE_S: Final = 1.0  # a provider that just failed is left alone for so long: a shift's start is no storm
OIDC_SKEW_S: Final = 60  # its clock against the store's
OIDC_TOKEN_S: Final = 600  # an ID token that is older was not made for this sign-in
OIDC_ERRAND_S: Final = 600  # from the button to the return: time for a password and a second factor there
OIDC_AT_ONCE_MAX: Final = 32  # returns whose codes are on their way to the provider; the next one hears "busy"
OIDC_LOGIN_S: Final = 3_600  # how long ago the person may have shown there who they are: a shared desk outlives a shift
OIDC_CODE_CHARS_MAX: Final = 2_000  # of a code: the longest in use have some 1,800; a cookie ends at 4,096 bytes
SUBJECT_CHARS_MAX: Final = 255  # of a subject (OpenID Connect Core, 2)
