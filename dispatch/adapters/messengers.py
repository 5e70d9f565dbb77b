"""Messages to telephones: an HTTP gateway that an operator runs or rents, and the demonstration's outbox."""

import asyncio
import hmac
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec
from redis.asyncio import Redis

from dispatch.adapters.redis.line import AWAY

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 5.0  # of one attempt, all of it
ANSWER_BYTES_MAX: Final = 4_096  # of a gateway's answer; only its status counts, the rest frees the connection
TRIES_MAX: Final = 2  # the second under the same id: a gateway that had the first one sends nothing more
OUTBOX: Final = "outbox"
OUTBOX_MAX: Final = 50


class HttpGateway:
    """POST of `{"id", "to", "text"}`; `X-OnBeat-Signature: t=SECONDS,v1=HEX`: HMAC-SHA256 of SECONDS, a dot, the body.

    2xx is taken over. Redirects are not followed: a number goes where the operator said and nowhere else.
    """

    def __init__(self, url: str, key: bytes, now: Callable[[], float]) -> None:
        self._url, self._key, self._now = url, key, now
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)

    async def send(self, number: str, text: str, id_: UUID) -> bool:
        body = msgspec.json.encode({"id": str(id_), "to": number, "text": text})
        for _ in range(TRIES_MAX):
            head = {
                "content-type": "application/json",
                "x-onbeat-signature": signature(self._key, int(self._now()), body),
            }
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    answer = await self._answer(body, head)
            except (httpx.HTTPError, TimeoutError) as error:
                log.warning("the message gateway did not answer: %s", type(error).__name__)
                continue
            if answer.is_success:
                return True
            log.warning("the message gateway answered %d", answer.status_code)
            if answer.is_client_error:
                return False
        return False

    async def _answer(self, body: bytes, head: dict[str, str]) -> httpx.Response:
        """Of its body no more than ANSWER_BYTES_MAX is read, as it comes: nothing is unpacked."""
        async with self._client.stream("POST", self._url, content=body, headers=head) as answer:
            read = 0
            async for part in answer.aiter_raw():
                read += len(part)
                if read > ANSWER_BYTES_MAX:
                    break
        return answer

    async def close(self) -> None:
        await self._client.aclose()


def signature(key: bytes, at: int, body: bytes) -> str:
    """What the gateway compares; it refuses a time that is minutes away from its own."""
    return f"t={at},v1={hmac.new(key, f'{at}.'.encode() + body, 'sha256').hexdigest()}"


class RedisOutbox:
    """The demonstration's telephones: the last messages, for a page to show. Never in production."""

    def __init__(self, redis: Redis, now: Callable[[], float]) -> None:
        self._redis: Any = redis
        self._now = now

    async def send(self, number: str, text: str, id_: UUID) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.lpush(
                    OUTBOX, msgspec.json.encode({"to": number, "text": text, "at": int(self._now())})
                )
                await self._redis.ltrim(OUTBOX, 0, OUTBOX_MAX - 1)
        except AWAY:
            return False
        return True

    async def messages(self) -> list[dict[str, Any]]:
        """The latest first; none while Redis is away."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return [msgspec.json.decode(one) for one in await self._redis.lrange(OUTBOX, 0, OUTBOX_MAX - 1)]
        except AWAY:
            return []
