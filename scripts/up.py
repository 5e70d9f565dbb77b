"""Start the whole service on this machine and keep it running until Ctrl-C or SIGTERM.

One code path from laptop to fleet: where DATABASE_URL and REDIS_URL are set, those are used; otherwise real
PostgreSQL and Redis run under `.local/`. Then `release` brings the database up to date, and the roles of the
Procfile start: relay, sweeper, web. What they say goes to `.local/log/`; a role that dies is started again.

Exit codes: 0 stopped as asked, 1 with a sentence that says why not.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import shlex
import signal
import socket
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx

from dispatch.adapters.postgres.roles import derived_app_dsn
from scripts.authority import AuthorityError
from scripts.children import Child, ChildError, Children, run_once
from scripts.phone import Phone, phone_at, welcome
from scripts.stores import ROOT, Store, Stores, StoresError
from scripts.web_packages import Parts, ensure

RELEASE_S: Final = 300.0
READY_S: Final = 120.0
Command = tuple[str, ...]


def read_procfile(text: str) -> dict[str, Command]:
    """The command of each role, `web` last: nobody is let in before the others work. `python` is the one we run on."""
    found: dict[str, Command] = {}
    for line in filter(str.strip, text.splitlines()):
        name, _, command = line.partition(":")
        program, *words = shlex.split(command)
        found[name.strip()] = (sys.executable if program == "python" else program, *words)
    return {name: found[name] for name in sorted(found, key=lambda name: (name == "web", name))}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start and where; `roles` in the order of their start."""

    release: Command
    roles: Mapping[str, Command]
    local: Path = ROOT / ".local"
    host: str = "127.0.0.1"
    port: int = 8000
    phone: Phone | None = None

    @property
    def url(self) -> str:
        """Where a browser finds us; a name and not an address, because passkeys need one."""
        anywhere = self.host in ("127.0.0.1", "0.0.0.0", "::", "::1", "")  # noqa: S104 # nosec B104 - compared, not bound
        return f"http://{'localhost' if anywhere else self.host}:{self.port}"

    @property
    def credentials(self) -> Path:
        return self.local / "credentials.json"


async def serve(plan: Plan, environ: Mapping[str, str]) -> None:
    """Run until cancelled; everything started here is stopped on the way out.

    Raises: StoresError, ChildError, OSError when something cannot start or stay up.
    """
    began = time.monotonic()
    _refuse_taken_port(plan.host, plan.port)
    for port in (plan.phone.port, plan.phone.door_port) if plan.phone else ():
        _refuse_taken_port(plan.phone.address if plan.phone else "", port)
    unpacked = await asyncio.to_thread(ensure, Parts.SERVED)
    if unpacked:
        _say(f"Maps are drawn without their library: {unpacked}.")
    given = {Store.POSTGRES: environ.get("DATABASE_URL"), Store.REDIS: environ.get("REDIS_URL")}
    wanted = frozenset(which for which, url in given.items() if not url)
    if wanted:
        _say(f"Starting {' and '.join(sorted(wanted))} in {plan.local} ...")
    async with Stores(plan.local, wanted=wanted) as stores, Children() as children:
        database, redis = given[Store.POSTGRES] or "", given[Store.REDIS] or stores.redis_url
        owner = environ.get("DATABASE_OWNER_URL") if database else None
        if owner is None:
            # One address only: it is the owner's, and the roles use the lesser one that belongs to it.
            owner = database or stores.database_url
            database = derived_app_dsn(owner)
        common = {
            **environ,
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "HOST": plan.host,
            "PORT": str(plan.port),
            "ONBEAT_DEMO": environ.get("ONBEAT_DEMO", "1"),
            "ONBEAT_CREDENTIALS": str(plan.credentials),
        }
        common.pop("DATABASE_OWNER_URL", None)
        logs = plan.local / "log"
        _say("Bringing the database up to date ...")
        release = Child("release", plan.release, {**common, "DATABASE_OWNER_URL": owner}, logs / "release.log", ROOT)
        await run_once(release, RELEASE_S)
        for name, command in plan.roles.items():
            children.start(Child(name, command, common, logs / f"{name}.log", ROOT))
        said = _let_phones_in(plan, plan.phone, children, common) if plan.phone else ""
        _say("Waiting until the service is ready ...")
        async with asyncio.TaskGroup() as group:
            watchers = [group.create_task(_watch(each)) for each in (stores, children)]
            await _until_ready("web", f"{plan.url}/readyz", plan)
            if plan.phone:
                trusted = plan.phone.trusting(plan.local)
                await _until_ready("door", plan.phone.door, plan)
                await _until_ready("web-phone", f"{plan.phone.url}/readyz", plan, trusted)
            _welcome(plan, time.monotonic() - began, said)
            await asyncio.gather(*watchers)


def _let_phones_in(plan: Plan, phone: Phone, children: Children, common: Mapping[str, str]) -> str:
    """Starts a second web process that ends TLS in the network, and the door with the root; what to tell a person.

    Raises: AuthorityError.
    """
    authority, pair = phone.certificate(plan.local)
    logs = plan.local / "log"
    settings = {**common, **phone.web_settings(pair, common.get("ONBEAT_ORIGINS", ""))}
    children.start(Child("web-phone", plan.roles["web"], settings, logs / "web-phone.log", ROOT))
    children.start(Child("door", phone.door_command(authority.pair.certificate), common, logs / "door.log", ROOT))
    return welcome(phone, authority)


async def _watch(kept: Stores | Children) -> None:
    """Raises: ChildError as soon as one of these is given up on."""
    raise await kept.failure()


async def _until_ready(name: str, url: str, plan: Plan, trusted: ssl.SSLContext | bool = True) -> None:
    last = "no answer"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READY_S), httpx.AsyncClient(timeout=5, trust_env=False, verify=trusted) as client:
            while True:
                try:
                    answer = await client.get(url)
                    if answer.status_code == 200:
                        return
                    last = f"{answer.status_code} {answer.text.strip()}"
                except httpx.HTTPError as error:
                    last = f"{type(error).__name__} {error}"
                await asyncio.sleep(0.1)
    raise ChildError(name, f"was not ready within {READY_S:.0f} s: {last}; see {plan.local / 'log'}")


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(f"port {port} on {host} cannot be used ({error.strerror}): set PORT") from error


PAGES = (
    ("report something", "/"),
    ("be an officer", "/officer"),
    ("work the desk", "/desk"),
    ("administer the town", "/admin"),
    ("read the API", "/docs"),
)


def _welcome(plan: Plan, seconds: float, phone: str = "") -> None:
    _say(f"\nReady after {seconds:.1f} s. Open:")
    for what, path in PAGES:
        _say(f"  {plan.url}{path:<10} to {what}")
    if plan.credentials.exists():
        _say("\nDemonstration sign-ins:")
        for line in sign_ins(json.loads(plan.credentials.read_text())):
            _say(f"  {line}")
        _say(f"All of them: {plan.credentials}")
    if phone:
        _say(phone)
    _say(f"Logs: {plan.local / 'log'}. Ctrl-C stops everything; the data stays.")


def sign_ins(credentials: object, of_a_role_max: int = 2) -> list[str]:
    """A heading and one line for each sign-in, the first of every role, officers first: two race, one desk watches."""
    people = credentials.get("people", []) if isinstance(credentials, dict) else []
    rows = [person for person in people if isinstance(person, dict)]
    roles = dict.fromkeys(["officer", "desk", *(str(person.get("role")) for person in rows)])
    lines = [f"{'role':<11} {'login':<14} {'password':<24} station"] if rows else []
    for role in roles:
        for person in [p for p in rows if p.get("role") == role][:of_a_role_max]:
            login, password, station = (str(person.get(k, "")) for k in ("login", "password", "station"))
            lines.append(f"{role:<11} {login:<14} {password:<24} {station}".rstrip())
    return lines


def _say(text: str) -> None:
    print(text, flush=True)


async def run(plan: Plan, environ: Mapping[str, str]) -> int:
    """`serve` until a signal; the exit code."""
    serving = asyncio.ensure_future(serve(plan, environ))
    asked = asyncio.Event()

    def stop() -> None:
        # Once: a second Ctrl-C must not interrupt the orderly end.
        if not asked.is_set():
            asked.set()
            _say("\nStopping ...")
            serving.cancel()

    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, stop)
    try:
        await serving
    except asyncio.CancelledError:
        _say("Stopped.")
        return 0
    except Exception as failure:
        first = _first(failure)
        if not isinstance(first, StoresError | ChildError | OSError | AuthorityError):
            raise
        print(f"scripts/up: {first}", file=sys.stderr)
    return 1


def _first(failure: BaseException) -> BaseException:
    """The failure itself, or the first of a group."""
    return _first(failure.exceptions[0]) if isinstance(failure, BaseExceptionGroup) else failure


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/up",
        description="Start the service with its stores, stay in the foreground, stop on Ctrl-C.",
        epilog="Environment: PORT (8000), HOST (127.0.0.1), DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL (real "
        "PostgreSQL and Redis are started where these are absent), ONBEAT_DEMO (1: make the demonstration town).",
    )
    parser.add_argument("--local", type=Path, default=ROOT / ".local", help="folder of data, logs, credentials")
    parser.add_argument(
        "--phone",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="let phones of this network in over HTTPS, at ADDRESS (left out: this machine's); ports PORT+443, PORT+80",
    )
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    word = os.environ.get("PORT") or "8000"
    if not word.isdigit() or not 0 < int(word) < 65_536:
        parser.error(f"PORT={word} is not a port between 1 and 65535")
    roles = read_procfile((ROOT / "Procfile").read_text())
    release = roles.pop("release")
    plan = Plan(release, roles, chosen.local.resolve(), os.environ.get("HOST") or "127.0.0.1", int(word))
    if chosen.phone is not None:
        try:
            plan = replace(plan, phone=phone_at(chosen.phone or None, plan.port))
        except OSError as error:
            parser.error(str(error))
    return asyncio.run(run(plan, os.environ))


if __name__ == "__main__":
    sys.exit(main())
