"""The web role: `python -m gateway.app`. HTTP by starlette, sockets by our protocol, one public port."""

import asyncio
import functools
import gc
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from dispatch.abuse.histories import Histories
from dispatch.adapters.common import ListedPasswords
from dispatch.adapters.messengers import HttpGateway, RedisOutbox
from dispatch.adapters.numbers import PhoneNumbers
from dispatch.adapters.openid import OpenIdProvider
from dispatch.adapters.passkeys import TotpApps, WebAuthnPasskeys
from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.admin import PostgresAdmin
from dispatch.adapters.postgres.factors import PostgresFactors
from dispatch.adapters.postgres.figures import PostgresFigures
from dispatch.adapters.postgres.histories import PostgresHistories
from dispatch.adapters.postgres.links import PostgresLinks
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.phones import PostgresPhones
from dispatch.adapters.postgres.push import PostgresPush
from dispatch.adapters.postgres.town import PostgresTown
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.adapters.sealing import AesSealer
from dispatch.admin.service import Administering
from dispatch.people.carrying import Carrying
from dispatch.people.choosing import Choosing
from dispatch.people.factors import Factors
from dispatch.people.phones import Phones
from dispatch.people.providers import Federation
from dispatch.people.service import SignIn
from gateway.census import tell_when_asked
from gateway.http import headers
from gateway.http.door import make_door
from gateway.http.pages import room
from gateway.http.problems import EXCEPTION_HANDLERS
from gateway.logs import log_lines
from gateway.node import Node, open_node
from gateway.routes import ROUTES
from gateway.settings import Settings, SettingsError
from gateway.sockets.gate import SocketGate
from gateway.sockets.protocol import make_protocol
from gateway.sockets.pulse import Pulse

log = logging.getLogger("onbeat.web")

SHUTDOWN_S = 5
BACKLOG = 4_096
TLS_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, which Python begins with: forward secret and authenticated. uvicorn's own word takes weaker ones in."""


def make_app(node: Node, sign_in: SignIn, routes: Sequence[BaseRoute] = ROUTES) -> Starlette:
    """The HTTP side over a running node."""
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    app.state.node, app.state.settings = node, node.settings
    phones, outbox = phones_of(node)
    app.state.services = SimpleNamespace(
        sign_in=sign_in,
        town=PostgresTown(node.pool),
        figures=PostgresFigures(node.pool),
        admin=Administering(PostgresAdmin(node.pool), Argon2Passwords(), RedisSessions(node.redis), node.feed),
        phones=phones,
        outbox=outbox,
        histories=histories_of(node),
        push=PostgresPush(node.pool),
        pool=node.pool,
    )
    return app


def phones_of(node: Node) -> tuple[Phones, RedisOutbox | None]:
    """Numbers confirmed as the settings say, and the demonstration's outbox where that is where messages go."""
    said, store = node.settings.phones, PostgresPhones(node.pool)
    if said is None:
        return Phones(store, PhoneNumbers(("CN",)), None, None, per_day=0, now=node.clock), None
    outbox = RedisOutbox(node.redis, node.clock) if said.outbox else None
    messenger = HttpGateway(said.gateway, said.gateway_key, node.clock) if said.gateway else outbox
    carrying = Carrying(messenger) if messenger is not None else None
    sealer = AesSealer(said.vault_key)
    return Phones(store, PhoneNumbers(said.regions), carrying, sealer, per_day=said.per_day, now=node.clock), outbox


def histories_of(node: Node) -> Histories:
    """What confirmed numbers reported before."""
    said = node.settings.phones
    return Histories(PostgresHistories(node.pool), AesSealer(said.vault_key) if said is not None else None)


def federation_of(node: Node) -> Federation | None:
    """The house's identity provider, where the settings name one."""
    said = node.settings.openid
    if said is None:
        return None
    provider = OpenIdProvider(
        issuer=said.issuer, client_id=said.client_id, client_secret=said.client_secret, now=node.clock,
        login_claim=said.login_claim, strong_acr=said.strong_acr, strong_amr=said.strong_amr, login_s=said.login_s,
        sign_out=said.sign_out,
    )  # fmt: skip
    sealer = AesSealer(b"identity provider|" + node.settings.pepper)
    return Federation(provider, PostgresLinks(node.pool), sealer, name=said.name, issuer=said.issuer, now=node.clock)


def sign_in_of(node: Node) -> SignIn:
    settings = node.settings
    return SignIn(
        PostgresPeople(node.pool),
        RedisSessions(node.redis),
        Argon2Passwords(),
        pepper=settings.pepper,
        ticket_key=settings.ticket_key,
        now=node.clock,
        factors=lambda attempts: Factors(
            PostgresFactors(node.pool),
            AesSealer(b"second factors|" + settings.pepper),
            TotpApps(),
            WebAuthnPasskeys(settings.origins),
            attempts,
            required=settings.second_factor_required,
            now=node.clock,
        ),
        federation=federation_of(node),
        choosing=Choosing.among(ListedPasswords(), settings.password_words),
        reads_per_min=settings.reads_per_min,
    )


async def unchanged(node: Node) -> None:
    """A node as the settings say."""


def _stopped_beating(server: uvicorn.Server, pulse: "asyncio.Task[None]") -> None:
    """Without its pulse a process neither ends sockets of ended sessions nor tells of positions: better start anew."""
    if not pulse.cancelled():
        log.critical("the pulse has ended", exc_info=pulse.exception())
        server.should_exit = True


async def serve(
    settings: Settings, *, prepare: Callable[[Node], Awaitable[None]] = unchanged, routes: Sequence[BaseRoute] = ROUTES
) -> None:
    """Serves until told to stop. `prepare` sees the node before anybody is served."""
    async with open_node(settings, "web") as node:
        await prepare(node)
        sign_in = sign_in_of(node)
        app = make_app(node, sign_in, routes)
        sockets = make_protocol(SocketGate(node, sign_in), guard=[*headers.constant(settings), *headers.UNLESS_SAID])
        tell_when_asked(node, sockets.wheel)
        config = uvicorn.Config(
            headers.Guarded(app),
            host=settings.host,
            port=settings.port,
            http=make_door(node),
            ws=sockets,
            headers=headers.constant(settings),
            ssl_certfile=settings.tls[0] if settings.tls else None,
            ssl_keyfile=settings.tls[1] if settings.tls else None,
            ssl_ciphers=TLS_CIPHERS,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            backlog=BACKLOG,
            timeout_keep_alive=65,
            timeout_graceful_shutdown=SHUTDOWN_S,
            server_header=False,
            proxy_headers=False,  # a trusted proxy is read in one place: gateway.http.bearer.address_of
            date_header=False,
        )
        server = uvicorn.Server(config)
        pulse = asyncio.create_task(Pulse(node, sign_in.mark_ended).run())
        pulse.add_done_callback(functools.partial(_stopped_beating, server))
        room(settings.emergency_number)  # read and packed now, 0.3 s, and not while somebody waits
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 50)  # a full collection with thousands of sockets is a pause that officers feel
        try:
            await server.serve()
        finally:
            pulse.cancel()
            await app.state.services.phones.close()


def main() -> int:
    log_lines()
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        print(f"web: {error}", file=sys.stderr)
        return 2
    if sys.platform == "win32":
        asyncio.run(serve(settings))
    else:
        import uvloop

        uvloop.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
