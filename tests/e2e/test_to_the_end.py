"""One case from report past its end over the public protocol: what is said on it, the word at the door, the reporter's
last word and the supervisor's."""

from typing import Any

from tests.e2e.talk import LAT, LON, Line, Someone, Town, new_key


async def act(someone: Someone, case: str, tag: str, **fields: Any) -> tuple[int, str | None]:
    """Status and code of an act over HTTP."""
    body = {"t": tag, "case": case, "key": new_key(), **fields}
    answer = await someone.ask("POST", f"/v1/cases/{case}/acts", body)
    return answer.status_code, answer.json().get("code")


async def words_of(someone: Someone, case: str, query: str = "") -> list[str]:
    answer = await someone.ask("GET", f"/v1/cases/{case}/talk{query}")
    assert answer.status_code == 200, answer.text
    return [line["words"] for line in answer.json()["lines"]]


async def on_duty(line: Line) -> None:
    assert (await line.act("duty", on=True))["ok"]
    await line.say({"t": "fix", "lat": LAT, "lon": LON})


async def test_from_the_first_word_to_the_last(town: Town) -> None:
    officer, desk, boss = [await town.someone(role) for role in ("officer", "desk", "supervisor")]
    async with officer.line() as phone, desk.line() as screen:
        await on_duty(phone)
        made = await town.report()
        case, reporter = made["case"], await town.reporter(made["receipt"])
        async with reporter.line() as page:
            await phone.hear("offer", case=case)
            assert (await page.act("say", case=case, words="At the south gate."))["ok"]
            assert (await screen.hear("said", case=case))["line"]["words"] == "At the south gate."
            fence = (await phone.act("claim", case=case, round=1))["fence"]
            await _they_talk_and_meet(phone, page, screen, case, fence)
            assert (await phone.act("cleared", case=case, fence=fence, disposition="unfounded"))["ok"]
            assert (await page.hear("case", status="cleared"))["object_ms"] > 13 * 86_400_000
        assert (await officer.ask("GET", f"/v1/cases/{case}/talk")).status_code == 404, "the seat is gone"
    await _after_the_end(town, reporter, boss, desk, made)


async def _they_talk_and_meet(phone: Line, page: Line, screen: Line, case: str, fence: int) -> None:
    """Both phones show the same word; what is said reaches everybody once."""
    seen = await page.hear("case", status="claimed")
    word = seen["officers"][0]["word"]
    assert (await phone.act("say", case=case, fence=fence, words="Five minutes."))["ok"]
    told = (await page.hear("said"))["line"]
    assert (told["words"], told["by"]) == ("Five minutes.", "officer") and told["officer"]["call_sign"]
    await screen.say({"t": "read", "key": new_key(), "case": case, "upto": told["seq"]})
    assert (await screen.hear("read_to", case=case))["upto"] == told["seq"]
    assert (await phone.act("arrived", case=case, fence=fence))["ok"]
    wrong = f"{(int(word) + 1) % 10_000:04d}"
    refused = await phone.act("met", case=case, fence=fence, word=wrong)
    assert (refused["ok"], refused["reason"]) == (False, "wrong_word")
    assert (await phone.act("met", case=case, fence=fence, word=word))["ok"]
    while not (await page.hear("case", case=case)).get("officers", [{}])[0].get("met"):
        pass
    bad = {"": "field_invalid", " ": "field_invalid", "x" * 1_001: "words_too_long", "a\0": "character_not_allowed"}
    for words, code in bad.items():
        await phone.say({"t": "say", "case": case, "fence": fence, "key": new_key(), "words": words})
        assert (await phone.hear("problem"))["code"] == code


async def _after_the_end(town: Town, reporter: Someone, boss: Someone, desk: Someone, made: dict[str, Any]) -> None:
    case = made["case"]
    assert await act(reporter, case, "say", words="Hello?") == (409, "closed")
    assert await act(reporter, case, "rate", stars=6) == (422, "field_invalid")
    assert await act(reporter, case, "rate", stars=2, words="It is not solved.") == (200, None)
    assert await act(reporter, case, "rate", stars=5) == (409, "rated_before")
    assert await act(boss, case, "reclassify", disposition="hoax") == (200, None)
    again = await town.reporter(made["receipt"])  # the code still opens the case
    assert await act(again, case, "object", words="I was there.") == (200, None)
    assert (await again.ask("GET", f"/v1/cases/{case}")).json()["objected"] is True
    assert await act(desk, case, "acknowledge") == (403, "supervisor_only")
    assert await act(boss, case, "cleared", disposition="founded") == (403, "another_supervisor")
    assert await words_of(desk, case) == ["At the south gate.", "Five minutes.", "It is not solved.", "I was there."]
    assert await words_of(desk, case, "?lines=1") == ["I was there."]
    assert (await desk.ask("GET", f"/v1/cases/{case}/talk?lines=0")).json()["code"] == "field_invalid"
    async with again.line() as page, desk.line() as screen:
        assert [line["words"] for line in page.snapshot["talks"][0]["lines"]][-1] == "I was there."
        (talk,) = [t for t in screen.snapshot["talks"] if t["case"] == case]
        assert talk["unread"] == 4, "everything is unread anew"
    history = (await desk.ask("GET", f"/v1/cases/{case}/history")).json()
    kinds = [entry[1] for entry in history]
    assert {"said", "met", "rated", "reclassified", "objected"} <= set(kinds) and "read" not in kinds
    assert "south gate" not in str(history)
