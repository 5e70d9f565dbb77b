"""What the processes of a town ask of its database, each call once: polled, of each case, of each person.

A scene is one story in one transaction, which is taken back. `did("name", call)` counts what the call reads.
What is new and is asked often belongs here.
"""

import secrets
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from dispatch.adapters.postgres.admin import PostgresAdmin
from dispatch.adapters.postgres.audit import PostgresJournal
from dispatch.adapters.postgres.catalogue import CatalogueKeeper, load_free_roster, load_roster
from dispatch.adapters.postgres.cursors import PostgresCursors
from dispatch.adapters.postgres.factors import PostgresFactors
from dispatch.adapters.postgres.handover import PostgresHandOver
from dispatch.adapters.postgres.histories import PostgresHistories
from dispatch.adapters.postgres.links import PostgresLinks
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.push import PostgresPush
from dispatch.adapters.postgres.safety import PostgresSafety
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.postgres.watch import PostgresWatch
from dispatch.audit.chains import Chain
from dispatch.cases.catalogue import Catalogue
from dispatch.people.factors import FactorDraft
from dispatch.people.phones import CodeDraft
from dispatch.people.ports import Identity, SessionDraft
from dispatch.people.values import Role, Who
from dispatch.push.values import Wanted
from dispatch.safety.hazards import EndDraft, HazardDraft
from dispatch.safety.ports import ClearDraft, PanicDraft
from dispatch.watch.ports import WatchDraft
from tests.contract.planned_early import Counted, Scene
from tests.contract.small_town import DESK, LAT, LON, Town, claim, key


async def offers(town: Town, did: Counted) -> None:
    """Reported, widened, claimed by two, on the way, there, cleared, and what follows."""
    asked = await town.officers(6)
    kinds = ("plain", "pair", "plain", "plain")
    drafts = [town.draft(asked[:4], category=kind, last_wave=False) for kind in kinds]
    await did("report", town.store.report(drafts))
    case, pair = drafts[0].id, drafts[1].id
    twice = town.draft(asked[:4])
    await did("report again", town.store.report([twice, msgspec.structs.replace(twice, id=uuid4())]), "again")
    await town.pass_time(case, 30)
    assert await did("due_waves", town.store.due_waves())
    await did("widen", town.widen(case, *asked[3:]))
    await did("join", town.widen(case, await town.officer(), event="offer_joined"))
    await did("widen nobody", town.widen(pair))
    claims = [claim(case, asked[0]), claim(pair, asked[1]), claim(case, asked[2]), claim(drafts[2].id, asked[2])]
    await did("claim", town.store.claim(claims), "taken")
    await did("claim a seat", town.store.claim([claim(pair, asked[3])]))
    await did("decline", town.act(await town.report(asked[4], asked[5]), "declined", asked[4], round=1))
    for event in ("set_out", "arrived"):
        await did(event, town.act(case, event, asked[0], fence=1))
    upkeep = PostgresUpkeep(town.pool)
    await did("track", upkeep.keep_track([(case, asked[0], LAT, LON, 9.0)]))
    await did("said", town.act(case, "said", asked[0], fence=1, words="Where?", salt="00ff"))
    seq = (await town.state(case)).seq
    await did("read", town.act(case, "read", actor="reporter", actor_id=case, scope=f"case:{case}", upto=seq))
    await did("met", town.act(case, "met", asked[0], fence=1, word="?"), "wrong_word")
    await did("advised", town.advised(case, "fire"))
    await did("cleared", town.act(case, "cleared", asked[0], fence=1, disposition="founded"))
    reporter: dict[str, Any] = {"actor": "reporter", "actor_id": case, "scope": f"case:{case}"}
    await did("rated", town.act(case, "rated", stars=5, **reporter))
    await did("objected", town.act(case, "objected", words="No.", salt="00ff", **reporter))
    await did("withdrawn", town.withdraw(await town.report(asked[5])))
    await did("by_key", town.store.by_key("reports", drafts[0].key))
    await did("case", town.store.case(case))
    await did("talks", town.store.talks([case, pair]))
    await did("talk", town.store.talk(case, None, 50))
    await did("history", town.store.history(case))
    await did("duplicates", town.store.duplicates(pair))
    heads = await did("heads", town.store.heads())
    await did("read_stream", town.store.read_stream("s1", heads.offsets["s1"] - 20, 1_000))
    await did("read_stream full", town.store.read_stream("s1", heads.offsets["s1"] - 20, 10))
    assert await did("open_cases", town.store.open_cases())
    await did("duty", town.duty(asked[5], False))


async def leaving(town: Town, did: Counted) -> None:
    """Handed back, transferred, silent, pulled."""
    asked = await town.officers(8)

    async def held(officer: UUID, **other: Any) -> UUID:
        case = await town.report(officer, *asked, **other)
        assert (await town.claim(case, officer)).ok
        return case

    case = await held(asked[0])
    await did("handed_back", town.act(case, "handed_back", asked[0], fence=1, candidates=asked[1:4], ring_m=3000))
    assert (await town.claim(case, asked[1], 2)).ok
    fence = await town.fence(case, asked[1])
    await did("handed_to_desk", town.act(case, "handed_back", asked[1], fence=fence))
    pair = await held(asked[0], category="pair")
    await did("seat_handed_back", town.act(pair, "handed_back", asked[0], fence=1))
    await did("transferred", town.act(await held(asked[0]), "transferred", asked[0], fence=1))
    watch = PostgresWatch(town.pool)
    case = await held(asked[0])
    for what in ("raise", "ease", "raise"):
        draft = WatchDraft(case=case, officer=asked[0], fence=1, what=what, why="no_progress")
        assert await did(what, watch.watch(draft))
    await did("watched", watch.watched())
    for _ in range(3):
        await town.pass_time(case, 3600)
        assert await did("watch due", watch.due())
        draft = WatchDraft(case=case, officer=asked[0], fence=1, what="due", candidates=asked[1:4], ring_m=3000)
        assert await did("step", watch.watch(draft))
    case, urgent = await held(asked[5]), await town.at_desk(category="urgent")
    await did("welfare_asked", town.desk(case, "welfare_asked", asked[5], reason="So."))
    await did("welfare_answered", town.act(case, "welfare_answered", asked[5], fence=1))
    await did("pulled", town.pull(asked[5], case, urgent, *asked[1:4]))


async def desks(town: Town, did: Counted) -> None:
    """The desk's queue and its acts, what is fired there, and its shifts."""
    one, two, three = await town.officers(3)
    account = uuid4()
    await town.owner.execute("INSERT INTO accounts (id, login, password, role, station) "
                             "VALUES ($1, $2, '', 'desk', 's1')", account, account.hex)  # fmt: skip
    await did("desk_shift", town.store.set_desk_shift(account, "s1", True, key(), "aa"))
    case = await town.report(one)
    await town.pass_time(case)
    assert await did("due_stations", town.store.due_stations())
    assert await did("fire window", town.store.fire("s1", "window"))
    await town.pass_time(case)
    assert await did("fire ack", town.store.fire("s1", "ack"))
    await did("acknowledged", town.desk(case, "acknowledged"))
    await did("taken_by_desk", town.desk(case, "taken_by_desk", reason="So."))
    await did("put_on_hold", town.desk(case, "put_on_hold", hold_min=10, reason="So."))
    await town.pass_time(case)
    await town.owner.execute("UPDATE cases SET desk = jsonb_set(desk, '{until_us}', '1') WHERE id = $1", case)
    assert await did("woken", town.store.fire("s1", "ack"))
    await did("appointment_offered", town.desk(case, "appointment_offered", hold_min=10, lasts_min=60, reason="So."))
    await did("handed_over", town.desk(case, "handed_over", to_station="s2", reason="So."))
    case = await town.at_desk()
    await did("reoffered", town.desk(case, "reoffered", candidates=[one, two], ring_m=3000, reason="So."))
    assert (await town.claim(case, one, 1)).ok, "its first round"
    await did("officer_added", town.desk(case, "officer_added", two, reason="So."))
    await did("officer_taken_back", town.desk(case, "officer_taken_back", two, reason="So."))
    await town.owner.execute("UPDATE cases SET seats = 1 WHERE id = $1", case)
    await did("second_asked", town.act(case, "second_asked", one, fence=await town.fence(case, one)))
    await did("reassigned", town.desk(case, "reassigned", two, reason="So."))
    await did("last_taken_back", town.desk(case, "officer_taken_back", two, reason="So."))
    await did("assigned", town.desk(case, "assigned", three, reason="So."))
    risky = await town.report(one, category="risky")
    assert (await town.claim(risky, one)).ok
    assert (await town.act(risky, "arrived", one, fence=1)).ok
    for _ in range(2):
        await town.pass_time(risky)
        assert await did("fire check_in", town.store.fire("s1", "check_in"))
    await did("checked_in", town.act(risky, "checked_in", one, fence=1))
    await did("hand_over", PostgresHandOver(town.pool).of("s1"))


async def groups(town: Town, did: Counted) -> None:
    """Merged, split, unmerged, reclassified."""
    officer = await town.officer()
    first, second, third = [await town.report(officer) for _ in range(3)]
    assert (await town.claim(second, officer)).ok
    await did("absorbed", town.desk(first, "absorbed", others=[second, third], reason="So."))
    await did("case of a group", town.store.case(first))
    made: dict[str, Any] = {"made": uuid4(), "words": "Two.", "salt": "00ff", "reason": "So."}
    await did("split", town.desk(first, "split", others=[third], **made))
    await did("unmerged", town.desk(second, "unmerged", reason="So."))


async def safety(town: Town, did: Counted) -> None:
    """Calls for help, what is known of places, who read what."""
    one, two = await town.officers(2)
    case = await town.report(one)
    assert (await town.claim(case, one)).ok
    store, journal = PostgresSafety(town.pool), PostgresJournal(town.pool)
    raised = PanicDraft(id=uuid4(), officer=one, key=key(), hash="aa", candidates=[two], lat=LAT, lon=LON)
    await did("panic", store.raise_panic(raised))
    await did("live_panics", store.live_panics())
    await did("panic cleared", store.clear_panic(ClearDraft(
        panic=raised.id, actor="desk", actor_id=DESK, station="s1", reason="So.", scope="account", key=key(), hash="aa",
    )))  # fmt: skip
    hazard = HazardDraft(id=uuid4(), station="s1", lat=LAT, lon=LON, words="A dog.", reason="So.", expires_in_h=1,
                         actor_id=DESK, scope="account", key=key(), hash="aa")  # fmt: skip
    await did("hazard", store.write_hazard(hazard))
    await did("place", store.known_of(case, f"officer:{one}"))
    await did("hazards_of", store.hazards_of("s1"))
    await did("hazard ended", store.end_hazard(EndDraft(
        hazard=hazard.id, station="s1", reason="So.", actor_id=DESK, scope="account", key=key(), hash="aa",
    )))  # fmt: skip
    chain = Chain(f"read:{case}")
    await did("entered", journal.enter(chain, f"officer:{one}", "history", {}))
    await did("entries", journal.entries(chain, None, 50))
    await did("readers", journal.people([one, DESK]))
    now = await did("audit now", journal.now())
    await did("audit acts", journal.acts("s1", now.offsets["s1"] - 5, now.offsets["s1"], 100))
    await did("audit moved", journal.moved(now.at - 60))


async def people(town: Town, did: Counted) -> None:
    """Signed in, asked at each pulse, signed out; codes, factors, links."""
    store, upkeep = PostgresPeople(town.pool), PostgresUpkeep(town.pool)
    officer, id_, login, identity = await town.officer(), uuid4(), f"o-{key()}", Identity("https://id.example", key())
    await town.owner.execute("INSERT INTO accounts (id, login, password, role, station, officer) "
                             "VALUES ($1, $2, 'x', 'officer', 's1', $3)", id_, login, officer)  # fmt: skip
    account = await did("account", store.account(login))
    assert account is not None
    macs = [secrets.token_bytes(32) for _ in range(3)]
    sessions = [uuid4() for _ in range(3)]
    for mac, session in zip(macs[:2], sessions[:2], strict=True):
        await did("open_for", store.open_for(account, SessionDraft(id=session, token_mac=mac, lasts_s=3600)))
    case = await town.report(officer)
    reporter = Who(session=sessions[2], role=Role.REPORTER, station="s1", case=case)
    await did("open", store.open(reporter, macs[2], 3600))
    who = await did("by_token", store.by_token(macs[1]))
    assert who is not None
    await did("by_token of a reporter", store.by_token(macs[2]))
    await did("by_sessions", store.by_sessions(sessions))
    await did("sessions_of", store.sessions_of(who, 20))
    await did("sessions_of a reporter", store.sessions_of(reporter, 20))
    await did("proved", store.proved(sessions[1], 60))
    await did("prove", store.prove(sessions[1]))
    await did("by_provider", store.by_provider(sessions[1]))
    await town.owner.execute("UPDATE sessions SET seen_at = now() - interval '30 minutes' WHERE id = $1", sessions[1])
    await did("seen", upkeep.seen(sessions))
    await did("ended_of", store.ended_of(sessions))
    push = PostgresPush(town.pool)
    phone = await did("push keep", push.keep(who, f"https://push.example/{key()}", bytes(65), bytes(16)))
    await did("ringable", push.ringable())
    taken = await did("push take", push.take([Wanted(case, 1, officer)]))
    assert len(taken) == 1
    await did("push sent", push.sent(taken))
    await did("push prune", push.prune())
    await did("push drop", push.drop(phone))
    await did("revoke", store.revoke(sessions[1]))
    await did("revoke_own", store.revoke_own(reporter, None))
    await did("ended_sessions", upkeep.ended_sessions())
    await did("receipt", store.case_of_receipt(b"?"))
    await did("nonces", store.use_nonces(macs, 60))
    await did("forget_expired", store.forget_expired())
    links, factors = PostgresLinks(town.pool), PostgresFactors(town.pool)
    await did("link", links.link(id_, identity))
    await did("linked", links.linked(identity))
    draft = FactorDraft(id=uuid4(), account=id_, actor="officer", kind="totp", name="app", secret=key())
    await did("factor", factors.keep(draft, macs))
    await did("factors_of", factors.factors_of(id_))
    await did("factor step", factors.step(draft.id, 7))
    await did("recovery", factors.recovery_used(id_, macs[0]))
    await did("factor forgotten", factors.forget(id_, draft.id, "officer", keep_one=False))


async def numbers(town: Town, did: Counted) -> None:
    """Codes to telephones and histories of numbers."""
    phones = PostgresHistories(town.pool)
    mac = secrets.token_hex(32)
    draft = CodeDraft(id=uuid4(), number_mac=mac, block_mac=mac, sealed=mac, code_mac=mac)
    await did("day_key", phones.day_key(bytes(32)))
    await did("code", phones.code(draft, 1_000_000))
    await did("tried", phones.tried(draft.id, bytes.fromhex(mac)))
    await did("confirmed", phones.confirmed(draft.id))
    await did("sealed", phones.sealed(draft.id))
    case = await town.report(await town.officer())
    await did("vault keep", phones.keep(case, draft.id, b"?", None))
    await did("vault open", phones.open(case, "desk", "So."))
    await did("number history", phones.history(bytes.fromhex(mac)))
    await did("number remembered", phones.replace(bytes.fromhex(mac), None, b"?"))
    await did("ended cases", phones.ended([case]))


async def polls(town: Town, did: Counted) -> None:
    """What is asked again and again, and found to be nothing mostly."""
    upkeep, cursors = PostgresUpkeep(town.pool), PostgresCursors(town.pool)
    await did("beat", upkeep.beat("here", "web"))
    await did("living_roles", upkeep.living_roles())
    await did("prune", upkeep.prune())
    await did("cursors", cursors.load())
    await did("cursors saved", cursors.save({"s1": 5, "s2": 7}))
    await did("catalogue", CatalogueKeeper(town.pool, Catalogue({}, {}, "", lambda _: None)).look())
    await did("roster", load_roster(town.pool))
    await did("free roster", load_free_roster(town.pool))
    for name, call in (("no stations due", town.store.due_stations), ("no waves due", town.store.due_waves)):
        await did(name, call())
    for kind in ("window", "ack", "check_in"):
        await did(f"no {kind} due", town.store.fire("s1", kind))
    watch = PostgresWatch(town.pool)
    await did("nothing noticed", watch.watched())
    await did("no step due", watch.due())


async def office(town: Town, did: Counted) -> None:
    """What an admin sets and reads."""
    store, login, boss = PostgresAdmin(town.pool), f"p-{key()}", uuid4()
    draft: dict[str, Any] = {
        "login": login, "version": 0, "actor": f"admin:{boss}", "actor_id": boss, "reason": "So.", "role": "officer",
        "station": "s1", "call_sign": key()[:8], "surname": "李", "beat": None, "skills": [], "slots": 1,
        "shift_ends_at": None, "id": uuid4(), "officer_id": uuid4(), "password": "x",
    }  # fmt: skip
    await did("person", store.put_person(draft))
    await did("person changed", store.put_person(draft | {"version": 1, "surname": "王"}))
    await did("password reset", store.reset_password(draft | {"version": 2, "factors": True}))
    identity = {"version": 3, "subject": "s", "issuer": "https://id.example"}
    await did("identity", store.put_identity(draft | identity))
    await did("suspended", store.set_suspended(draft | {"version": 4, "suspended": True}))
    await did("role_of", store.role_of(login))
    await did("people", store.people(None, None, None, "", 20))
    await did("people found", store.people("officer", "s1", draft["call_sign"], "", 20))
    await did("changes", store.changes(None, None, None, 20))
    await did("changes of one", store.changes("person", login, None, 20))
    await did("town", store.town())


SCENES: Final[tuple[Scene, ...]] = (
    offers, leaving, desks, groups, safety, people, numbers, polls, office,
)  # fmt: skip
