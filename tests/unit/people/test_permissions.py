"""The permission table against expectations written by hand, not derived from it."""

from uuid import uuid4

import msgspec
import pytest

from dispatch.people.permissions import TABLE, Act, Relation, allowed, relations_of
from dispatch.people.values import NOBODY, Role, Who
from gateway.wire.messages import ClientMessage

EVERYTHING = frozenset(Relation)

# What each role may do when every relation holds. Anything else must be forbidden even then.
ALWAYS = {Act.REPORT, Act.READ_AREAS, Act.READ_CATEGORIES, Act.SIGN_IN, Act.OPEN_RECEIPT, Act.ADVICE, Act.CONFIRM_PHONE}
INTAKE = {Act.ENTER, Act.EXERCISE, Act.CLEAR_PANIC, Act.END_HAZARD}
PLACES = {Act.READ_PLACE, Act.READ_HAZARDS, Act.WRITE_HAZARD}
SIGNED = ALWAYS | {Act.SIGN_OUT, Act.READ_ME, Act.READ_SESSIONS, Act.END_SESSION}
LIVE = SIGNED | {Act.TICKET, Act.CONNECT, Act.ASK, Act.READ_CASE}
TALK = {Act.SAY, Act.READ, Act.READ_TALK}
DESK_ACTS = {Act.ACKNOWLEDGE, Act.ASSIGN, Act.CLEARED, Act.TAKE, Act.ADD, Act.TAKE_BACK, Act.REOFFER, Act.PREEMPT}
DESK_ACTS |= {Act.ASK_WELFARE}
HEARS = {Act.TICKET, Act.CONNECT}
DESK_ACTS |= {Act.HOLD, Act.HAND_OVER, Act.REFER, Act.CLOSE_BY_TELEPHONE, Act.OFFER_APPOINTMENT}
DESK_ACTS |= {Act.MERGE, Act.SPLIT, Act.UNMERGE}
SETTING = {Act.READ_PEOPLE, Act.CHANGE_PEOPLE, Act.SUSPEND, Act.READ_TOWN, Act.CHANGE_TOWN, Act.READ_CHANGES}
MAY: dict[Role, set[Act]] = {
    Role.NOBODY: ALWAYS,
    Role.REPORTER: LIVE | TALK | {Act.ANSWER_APPOINTMENT, Act.OBJECT, Act.RATE, Act.READ_ENTRIES, Act.WITHDRAW},
    Role.OFFICER: LIVE
    | TALK
    | {Act.CLAIM, Act.DECLINE, Act.SET_OUT, Act.ARRIVED, Act.CLEARED, Act.HAND_BACK, Act.TRANSFER, Act.DUTY, Act.FIX}
    | {Act.SECOND_OFFICER, Act.MET, Act.ALL_WELL},
    Role.DESK: LIVE | TALK | DESK_ACTS | {Act.DESK_SHIFT, Act.READ_DESK, Act.READ_HISTORY},
    Role.SUPERVISOR: SIGNED
    | DESK_ACTS
    | TALK
    | {*HEARS, Act.RECLASSIFY, Act.READ_DESK, Act.READ_CASE, Act.READ_HISTORY, Act.ASK},
    Role.ADMIN: SIGNED | {Act.IMPORT_AREAS},
}
MAY[Role.DESK] |= INTAKE | PLACES
MAY[Role.SUPERVISOR] |= INTAKE | PLACES
MAY[Role.OFFICER] |= {Act.READ_PLACE}
MAY[Role.ADMIN] |= {Act.READ_FIGURES, Act.READ_PEOPLE, Act.CHANGE_PEOPLE, Act.SUSPEND, Act.READ_TOWN, Act.CHANGE_TOWN}
MAY[Role.ADMIN] |= {Act.READ_CHANGES}
MAY[Role.SUPERVISOR] |= {Act.READ_PEOPLE, Act.READ_TOWN, Act.READ_CHANGES, Act.SUSPEND}
for reading_figures in (Role.DESK, Role.SUPERVISOR):
    MAY[reading_figures] |= {Act.READ_FIGURES, Act.READ_DUPLICATES}
MAY[Role.OFFICER] |= {Act.PANIC, Act.CHECK_IN, Act.RING}
for working in (Role.OFFICER, Role.DESK, Role.SUPERVISOR, Role.ADMIN):
    MAY[working] |= {Act.READ_FACTORS, Act.CHANGE_FACTORS, Act.CHANGE_PASSWORD, Act.PROVE}
OPENERS = {(Role.DESK, Act.OPEN_IDENTITY), (Role.SUPERVISOR, Act.OPEN_IDENTITY)}
for opener, act_ in OPENERS:
    MAY[opener] |= {act_}
AUDITORS = {(role, Act.READ_AUDIT) for role in (Role.SUPERVISOR, Role.ADMIN)}
for auditor, _ in AUDITORS:
    MAY[auditor] |= {Act.READ_AUDIT}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_exactly_what_was_written_down(role: Role) -> None:
    assert {act for act in Act if allowed(role, act, EVERYTHING)} == MAY[role]


# Without any relation: what only the judge in the database limits, or nobody needs to.
def test_without_a_relation_nobody_touches_a_case() -> None:
    free = {(role, act) for role in Role for act in Act if allowed(role, act)}
    by_judge = {
        (Role.OFFICER, act)
        for act in (
            Act.CLAIM, Act.DECLINE, Act.SET_OUT, Act.ARRIVED, Act.CLEARED, Act.HAND_BACK, Act.TRANSFER,
            Act.MET, Act.SAY, Act.READ, Act.SECOND_OFFICER, Act.ALL_WELL,
        )
    }  # fmt: skip
    reads = {
        Act.READ_DESK,
        Act.READ_CASE,
        Act.READ_HISTORY,
        Act.READ_TALK,
        Act.READ_FIGURES,
        Act.SAY,
        Act.READ,
        Act.RECLASSIFY,
        Act.READ_DUPLICATES,
    }
    reading = {(Role.SUPERVISOR, act) for act in reads | DESK_ACTS}
    town = {(Role.ADMIN, Act.IMPORT_AREAS)} | {(Role.ADMIN, act) for act in SETTING | {Act.READ_FIGURES}} | AUDITORS
    town |= {(Role.SUPERVISOR, act) for act in SETTING - {Act.CHANGE_PEOPLE, Act.CHANGE_TOWN}}
    town |= {(Role.SUPERVISOR, Act.OPEN_IDENTITY)}
    town |= {(role, act) for role in (Role.DESK, Role.SUPERVISOR) for act in INTAKE}
    by_judge |= {(Role.OFFICER, Act.CHECK_IN)} | {(Role.SUPERVISOR, act) for act in PLACES}
    assert free == by_judge | reading | town | {(role, act) for role in Role for act in ALWAYS}


def test_every_row_belongs_to_a_role_an_act_and_a_relation() -> None:
    for (role, act), relation in TABLE.items():
        assert isinstance(role, Role) and isinstance(act, Act) and isinstance(relation, Relation)


def test_every_message_of_a_socket_is_an_act() -> None:
    tags = {str(msgspec.inspect.type_info(one).tag) for one in ClientMessage.__args__}  # type: ignore[attr-defined]
    assert tags <= {str(act) for act in Act}


def test_a_desk_reaches_its_own_station_only() -> None:
    desk = Who(session=uuid4(), role=Role.DESK, account=uuid4(), station="x1")
    case = uuid4()
    assert allowed(desk.role, Act.READ_CASE, relations_of(desk, case=case, station="x1"))
    assert not allowed(desk.role, Act.READ_CASE, relations_of(desk, case=case, station="x2"))
    assert not allowed(desk.role, Act.ASSIGN, relations_of(desk, case=case, station="x2"))


def test_a_reporter_reaches_the_one_case_of_the_code() -> None:
    case = uuid4()
    reporter = Who(session=uuid4(), role=Role.REPORTER, station="x1", case=case)
    assert allowed(reporter.role, Act.WITHDRAW, relations_of(reporter, case=case, station="x1"))
    other = relations_of(reporter, case=uuid4(), station="x1")
    assert not allowed(reporter.role, Act.WITHDRAW, other)
    assert not allowed(reporter.role, Act.READ_CASE, other)


def test_an_officer_reads_a_case_only_while_holding_it() -> None:
    officer = Who(session=uuid4(), role=Role.OFFICER, officer=uuid4(), station="x1")
    case = uuid4()
    assert officer.officer is not None
    mine = relations_of(officer, case=case, station="x1", holders=frozenset({officer.officer}))
    others = relations_of(officer, case=case, station="x1", holders=frozenset({uuid4()}))
    assert allowed(officer.role, Act.READ_CASE, mine)
    assert not allowed(officer.role, Act.READ_CASE, others)


def test_nobody_is_related_to_nothing() -> None:
    assert relations_of(NOBODY, case=uuid4(), station="x1") == frozenset()
