"""What Schemathesis calls while it asks: keeps the caller signed in, and counts what was answered.

Loaded by Schemathesis itself (SCHEMATHESIS_HOOKS). What is drawn ends sessions, the caller's own among them; without a
new one all that follows would be answered by 401, and nothing behind the door would have been tried. The counts show
whether it was: an operation that mostly answered 401 or 429 was asked, not tested.
"""

import atexit
import contextlib
import json
import os
import threading
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import requests
import schemathesis

ASKING_S: Final = 20.0
OVER: Final = ("session_ended", "session_missing")


class Caller:
    """Who asks. `way`: where a session is opened, `words`: by what, one person after another, since what is drawn also
    mistypes a password so often that the next sign-in waits, or suspends somebody; without them nobody is signed in."""

    def __init__(self, url: str, way: str, words: Sequence[Any]) -> None:
        self.url, self.way, self.words = url, way, deque(words)
        self.answers: dict[str, Counter[str]] = {}
        self.renewed, self.lost = 0, ""
        self._token: str | None = None
        self._turn = threading.Lock()

    def token(self) -> str | None:
        """What says who asks; signs in where there is no session. None: nobody, or they are not let in any more."""
        with self._turn:
            for _ in range(len(self.words) if self._token is None else 0):
                told = requests.post(self.url + self.way, json=self.words[0], timeout=ASKING_S)
                if told.ok:
                    self._token, self.lost = told.json()["token"], ""
                    self.renewed += 1
                    break
                self.lost = f"{told.status_code} {told.text[:200]}"
                self.words.rotate(-1)
            return self._token

    def sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """After all that was drawn: an Authorization that was drawn as well gives way."""
        if token := self.token():
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    def heard(self, operation: str, method: str, path: str, status: int, body: bytes) -> None:
        """Counts an answer; forgets a session that is over."""
        code = ""
        if status >= 400:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                code = str(json.loads(body)["code"])
        self.answers.setdefault(operation, Counter())[f"{status} {code}".strip()] += 1
        ended = method == "DELETE" and status == 204 and path.startswith("/v1/sessions")
        if ended or (status == 401 and code in OVER):
            with self._turn:
                self._token = None

    def told(self) -> dict[str, Any]:
        return {"answers": self.answers, "sessions": self.renewed, "lost": self.lost}


def listen(caller: Caller, out: Path) -> None:
    """Registers with Schemathesis; what was counted is written at the end of the process."""

    @schemathesis.hook
    def before_call(_context: Any, _case: Any, kwargs: dict[str, Any]) -> None:
        if caller.way:
            kwargs["auth"] = caller.sign

    @schemathesis.hook
    def after_call(_context: Any, case: Any, response: Any) -> None:
        caller.heard(case.operation.label, case.method, case.path, response.status_code, response.content or b"")

    atexit.register(lambda: out.write_text(json.dumps(caller.told())))


if "FUZZ_OUT" in os.environ:
    listen(
        Caller(os.environ["FUZZ_URL"], os.environ["FUZZ_WAY"], json.loads(os.environ["FUZZ_WORDS"])),
        Path(os.environ["FUZZ_OUT"]),
    )
