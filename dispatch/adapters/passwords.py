"""Passwords by argon2id, off the event loop, few at a time; an unknown login costs exactly what a known one does."""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from dispatch.people.ports import TooManyWaiting

# OWASP's password storage sheet, argon2id: 19 MiB, two passes, one lane. About 20 ms of one core.
MEMORY_KIB: Final = 19_456
PASSES: Final = 2
AT_ONCE: Final = 2  # hashes computed side by side: sign-in must not take every core from the claims
WAITING_MAX: Final = 1_000  # a whole shift signs in at once; more than that is no shift


class Argon2Passwords:
    """One for each process; keeps `dispatch.people.ports.Passwords`."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    def hash_now(self, password: str) -> str:
        """Argon2's own encoding, salt and cost included. Blocks for about 20 ms."""
        return self._hasher.hash(password)

    async def hash(self, password: str) -> str:
        """As `hash_now`, off the loop. Raises: TooManyWaiting."""
        return await self._in_turn(password, None) or ""

    async def verify(self, password: str, stored: str | None) -> bool:
        """Is it the password of `stored`? None (unknown login) is False after the same work.

        Raises: TooManyWaiting.
        """
        known = stored is not None
        return await self._in_turn(password, stored if stored is not None else self._decoy) is not None and known

    async def _in_turn(self, password: str, stored: str | None) -> str | None:
        if self._waiting >= WAITING_MAX:
            raise TooManyWaiting
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._work, password, stored)
        finally:
            self._waiting -= 1

    def _work(self, password: str, stored: str | None) -> str | None:
        if stored is None:
            return self._hasher.hash(password)
        try:
            self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return None
        return stored
