"""Safety over the public protocol: diversion at intake, entries by a clerk, exercises."""

from typing import Any

from tests.e2e.talk import LAT, LON, Town, new_key

DRAFT: dict[str, Any] = {"category": "dispute", "words": "楼下有人持刀。", "lat": LAT, "lon": LON}


async def test_an_emergency_is_diverted_and_nothing_is_lost_by_it(town: Town) -> None:
    asked = await town.client.get("/v1/advice")
    assert asked.json()["call"] == "110" and len(asked.json()["questions"]) >= 3
    advice = (await town.client.post("/v1/advice", json={"words": DRAFT["words"]})).json()
    assert (advice["emergency"], advice["call"]) == (True, "110")
    assert (await town.client.post("/v1/advice", json={"words": "Too loud."})).json() == {
        "emergency": False, "call": None, "because": [], "say": {},
    }  # fmt: skip
    head = {"idempotency-key": new_key()}
    refused = await town.client.post("/v1/reports", json=DRAFT, headers=head)
    assert (refused.status_code, refused.json()["code"]) == (409, "emergency")
    assert refused.json()["advice"] == advice
    assert await town.owner.fetchval("SELECT count(*) FROM cases WHERE words = $1", DRAFT["words"]) == 0
    taken = await town.client.post("/v1/reports", json=DRAFT | {"advised": True}, headers=head)
    assert taken.status_code == 201, taken.text
    desk = await town.someone("desk")
    history = (await desk.ask("GET", f"/v1/cases/{taken.json()['case']}/history")).json()
    assert history[0][-1]["advice"] == {"call": "police", "rules": ["weapon"]}
    answered = await town.client.post(
        "/v1/reports",
        json=DRAFT | {"words": "Noise.", "answers": {"hurt": "yes"}},
        headers={"idempotency-key": new_key()},
    )
    assert (answered.status_code, answered.json()["advice"]["call"]) == (409, "120")


async def test_a_clerk_enters_for_a_caller_who_follows_by_the_code(town: Town) -> None:
    body = DRAFT | {"words": "A neighbour's dog.", "channel": "telephone"}
    for token, status in (({}, 401), ((await town.someone("officer")).head, 403)):
        refused = await town.client.post("/v1/reports", json=body, headers=token | {"idempotency-key": new_key()})
        assert refused.status_code == status, refused.text
    desk = await town.someone("desk")
    made = await town.client.post("/v1/reports", json=body, headers=desk.head | {"idempotency-key": new_key()})
    assert made.status_code == 201, made.text
    shown = (await desk.ask("GET", f"/v1/cases/{made.json()['case']}")).json()
    assert shown["channel"] == "telephone" and "exercise" not in shown
    caller = await town.reporter(made.json()["receipt"])
    assert (await caller.ask("GET", f"/v1/cases/{made.json()['case']}")).json()["status"] == "at_station"


async def test_only_a_desk_or_a_supervisor_sets_an_exercise(town: Town) -> None:
    body = DRAFT | {"words": "Practice.", "exercise": True}
    refused = await town.client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
    assert refused.status_code == 401
    desk = await town.someone("desk")
    made = await town.client.post("/v1/reports", json=body, headers=desk.head | {"idempotency-key": new_key()})
    assert (await desk.ask("GET", f"/v1/cases/{made.json()['case']}")).json()["exercise"] is True


async def test_an_officer_calls_for_help_and_the_nearest_see_where_until_a_desk_ends_it(town: Town) -> None:
    caller, near = await town.someone("officer"), await town.someone("officer", 1)
    desk = await town.someone("desk")
    for one in (caller, near):
        assert (await one.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
    async with caller.line() as from_caller, near.line() as to_near, desk.line() as to_desk:
        for line in (from_caller, to_near):
            await line.say({"t": "fix", "lat": LAT, "lon": LON})
        await from_caller.say({"t": "panic", "key": (key := new_key())})
        for line in (from_caller, to_near, to_desk):
            told = await line.hear("help")
            assert (told["officer"], told["place"]["lat"], told["told"]) == (caller.said["officer"], LAT, 1)
        called = await from_caller.hear("result", key=key)
        await from_caller.say({"t": "fix", "lat": LAT + 0.001, "lon": LON})
        while (await to_near.hear("moves"))["moved"][0]["place"]["lat"] != LAT + 0.001:
            pass
        again = await caller.ask("POST", "/v1/panics", {"t": "panic", "key": new_key()})
        assert again.json()["more"] == called["more"] == {"panic": told["panic"]}
        async with near.line() as anew, caller.line() as from_anew:
            assert [one["panic"] for one in anew.snapshot["panics"]] == [told["panic"]]
            assert [one["panic"] for one in from_anew.snapshot["panics"]] == [told["panic"]]
        assert (await from_caller.act("clear_panic", panic=told["panic"], reason="I am fine."))[
            "reason"
        ] == "not_allowed"
        assert (await to_desk.act("clear_panic", panic=told["panic"], reason="Spoke to her."))["ok"]
        assert (await to_near.hear("help"))["over"] is True
        assert (await to_desk.act("clear_panic", panic=told["panic"], reason="Again."))["reason"] == "panic_over"
    over = await desk.ask(
        "POST", "/v1/panics/cleared", {"t": "clear_panic", "panic": told["panic"], "key": new_key(), "reason": "Again."}
    )
    assert (over.status_code, over.json()["code"]) == (409, "panic_over")
    assert (await desk.ask("GET", "/v1/desk")).json()["panics"] == []


async def test_advice_at_a_later_moment_stands_in_the_history_once(town: Town) -> None:
    made = await town.report(words="Two neighbours quarrel.")
    reporter, desk = await town.reporter(made["receipt"]), await town.someone("desk")
    said = {"words": "Now he has a knife."}
    for _ in range(2):
        advice = (await reporter.ask("POST", "/v1/advice", said)).json()
        assert (advice["emergency"], advice["call"]) == (True, "110")
    assert (await reporter.ask("POST", "/v1/advice", {"words": "All is quiet."})).json()["emergency"] is False
    line = {"t": "say", "case": made["case"], "key": new_key(), "words": "The shed is on fire!"}
    told = (await reporter.ask("POST", f"/v1/cases/{made['case']}/acts", line)).json()
    assert told["ok"] and told["more"]["advice"]["call"] == "119"
    history = (await desk.ask("GET", f"/v1/cases/{made['case']}/history")).json()
    assert [entry[-1]["advice"]["rules"] for entry in history if entry[1] == "advised"] == [["weapon"], ["fire"]]
    assert "knife" not in str(history)


async def test_an_officer_on_scene_is_asked_for_a_sign_of_life_and_the_desk_hears_the_silence(town: Town) -> None:
    officer, desk = await town.someone("officer", 2), await town.someone("desk")
    await town.owner.execute("UPDATE categories SET check_in_s = 600 WHERE id = 'noise'")
    assert (await officer.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
    async with officer.line() as line, desk.line() as to_desk:
        await line.say({"t": "fix", "lat": LAT, "lon": LON})
        made = await town.report(category="noise", words="A loud party.")
        offer = await line.hear("offer", case=made["case"])
        won = await line.act("claim", case=made["case"], round=offer["round"])
        assert (await line.act("arrived", case=made["case"], fence=won["fence"]))["ok"]
        early = await line.act("check_in", case=made["case"], fence=won["fence"])
        assert early["reason"] == "not_asked"
        await town.sweep(made["case"])
        assert (await line.hear("held", case=made["case"], check_in="asked"))["status"] == "on_scene"
        await town.sweep(made["case"])
        alarm = await to_desk.hear("desk_case", case=made["case"], last="check_in_missed")
        assert [seat["check_in"] for seat in alarm["holders"]] == ["missed"]
        assert (await line.act("check_in", case=made["case"], fence=won["fence"]))["ok"]
        back = await to_desk.hear("desk_case", case=made["case"], last="checked_in")
        assert ["check_in" in seat for seat in back["holders"]] == [False]
        done = await line.act("cleared", case=made["case"], fence=won["fence"], disposition="advice_given")
        assert done["ok"]


async def test_who_holds_the_case_reads_what_is_known_of_the_place_and_nobody_else(town: Town) -> None:
    officer, other, desk = (
        await town.someone("officer", 3),
        await town.someone("officer", 4),
        await town.someone("desk"),
    )
    note = {"lat": LAT, "lon": LON, "words": "恶犬。", "reason": "Bitten twice.", "expires_in_h": 48, "key": new_key()}
    assert (await officer.ask("POST", "/v1/hazards", note)).status_code == 403
    elsewhere = await desk.ask("POST", "/v1/hazards", note | {"lat": 10.0, "key": new_key()})
    assert elsewhere.status_code == 403
    written = await desk.ask("POST", "/v1/hazards", note)
    hazard = written.json()["more"]["hazard"]
    assert [one["hazard"] for one in (await desk.ask("GET", "/v1/hazards")).json()] == [hazard]
    assert (await officer.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
    async with officer.line() as line:
        await line.say({"t": "fix", "lat": LAT, "lon": LON})
        made = await town.report(words="A dog barks.")
        place = f"/v1/cases/{made['case']}/place"
        offer = await line.hear("offer", case=made["case"])
        assert (await officer.ask("GET", place)).status_code == 404, "before the claim it is not theirs"
        assert (await line.act("claim", case=made["case"], round=offer["round"]))["ok"]
    known = (await officer.ask("GET", place)).json()
    assert [one["words"] for one in known["hazards"]] == ["恶犬。"]
    for stranger in (other, await town.reporter(made["receipt"])):
        assert (await stranger.ask("GET", place)).status_code in (403, 404)
    ended = {"hazard": hazard, "reason": "The dog is gone.", "key": new_key()}
    assert (await desk.ask("POST", "/v1/hazards/ended", ended)).status_code == 200
    assert (await officer.ask("GET", place)).json()["hazards"] == []
    readers = await town.owner.fetch("SELECT reader FROM place_reads")
    assert {row[0] for row in readers} == {f"officer:{officer.said['officer']}"}
