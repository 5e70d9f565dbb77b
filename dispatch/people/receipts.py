"""Receipt codes: the reporter's credential and proof. 24 characters of Crockford's base 32, six groups of four.

115 bits and one check character (DECISIONS D18). The code is derived from the report's idempotency key, so that a
reporter whose answer got lost asks again and hears the same code, although the service keeps only its MAC. With so
many bits a fast hash is enough: guessing is hopeless, and nobody can burn the server's cores by trying.

The check character is a sum over GF(32): every single wrong character and every swap of two is noticed before
anything is looked up.
"""

import base64
import functools
import hmac
import re
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_CHARS: Final = 24
SECRET_CHARS: Final = CODE_CHARS - 1
SECRET_BITS: Final = SECRET_CHARS * 5
GROUP_CHARS: Final = 4

_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
# What people write instead: Crockford's own list, small letters, and the ways to separate groups.
_FORGIVE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS: Final = dict.fromkeys(map(ord, " \t\r\n-–—_.·"))


def code_for(pepper: bytes, scope_key: str) -> str:
    """The code of the report that came with `scope_key`; the same for the same pepper and key, for ever."""
    digest = _mac(pepper, b"receipt|", scope_key.encode())
    number = int.from_bytes(digest, "big") >> (len(digest) * 8 - SECRET_BITS)
    # 24 characters of five bits are 15 bytes: base 32 in C, with Crockford's letters; the last one waits for its value
    text = base64.b32encode((number << 5).to_bytes(15, "big")).translate(_TO_CROCKFORD).decode()
    check = 0
    for weigh, character in zip(_WEIGHTS, text, strict=False):  # the secret's characters; the check has no weight
        check ^= weigh[character]
    text = text[:SECRET_CHARS] + ALPHABET[check]
    return "-".join([text[at : at + GROUP_CHARS] for at in range(0, CODE_CHARS, GROUP_CHARS)])


def normalise(text: str) -> str:
    """What was meant: capitals, no separators, O as 0, I and L as 1. Full-width forms count as themselves."""
    bare = text.replace("-", "")
    if _AS_WRITTEN.fullmatch(bare):
        return bare  # as this service writes it: nothing to forgive
    narrow = text.translate(_WIDE)
    return narrow.translate(_SEPARATORS).upper().translate(_FORGIVE)


def valid_check(text: str) -> bool:
    """Could this (normalised or not) be a code at all: its length, its characters and its check character?"""
    code = normalise(text)
    if len(code) != CODE_CHARS or any(character not in _VALUE for character in code):
        return False
    return _sum([_VALUE[character] for character in code]) == 0


def mac(pepper: bytes, code: str) -> bytes:
    """32 bytes by which a case is found from its code; of the normalised code, so any way of writing it serves."""
    return _mac(pepper, b"lookup|", normalise(code).encode())


@functools.lru_cache(maxsize=8)
def _keyed(pepper: bytes, purpose: bytes) -> hmac.HMAC:
    """Key and purpose taken in once; what differs goes into copies."""
    return hmac.new(pepper, purpose, "sha256")


def _mac(pepper: bytes, purpose: bytes, content: bytes) -> bytes:
    one = _keyed(pepper, purpose).copy()
    one.update(content)
    return one.digest()


def _sum(values: list[int]) -> int:
    """Horner's scheme at x = 2 in GF(32)."""
    total = 0
    for value in values:
        total = _twice(total) ^ value
    return total


def _twice(value: int) -> int:
    """Multiplied by the generator of GF(32), modulo x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value


def _weights() -> tuple[dict[str, int], ...]:
    """By place and character: what `_sum` of a code with a zero for its check, doubled no more, gets from it."""
    tables = []
    for place in range(SECRET_CHARS):
        weighed = list(range(len(ALPHABET)))
        for _ in range(SECRET_CHARS - place):
            weighed = [_twice(value) for value in weighed]
        tables.append(dict(zip(ALPHABET, weighed, strict=True)))
    return tuple(tables)


_WEIGHTS: Final = _weights()
_TO_CROCKFORD: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
_AS_WRITTEN: Final = re.compile(rf"[{ALPHABET}]{{{CODE_CHARS}}}")
_WIDE: Final = {ord("！") + shift: ord("!") + shift for shift in range(94)} | {ord("　"): ord(" ")}
