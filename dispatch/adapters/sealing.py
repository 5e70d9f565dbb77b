"""The vault's envelope: AES-256-GCM by `cryptography`, keys by HKDF from the operator's secret. Keeps `Sealer`."""

import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES: Final = 12  # drawn: 2^32 sealings under one key before it should be changed (NIST SP 800-38D, 8.3)
UNBOUND: Final = b"\x01"  # until 2026-11-30: what it was about was not said; still read, no longer written
VERSION: Final = b"\x02"  # associated data: the version and what it is about


class AesSealer:
    """What is sealed begins with a version, so that another key or cipher can come beside it. Put into another row or
    field it opens no more: what it is about is authenticated with it (NIST SP 800-38D, additional data)."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derived(secret, b"onbeat vault seal"))
        self._mac_key = _derived(secret, b"onbeat vault mac")

    def seal(self, plain: str, about: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain.encode(), VERSION + about.encode())

    def open(self, sealed: bytes, about: str) -> str:
        version = sealed[:1]
        if version not in (UNBOUND, VERSION) or len(sealed) <= 1 + NONCE_BYTES:
            raise ValueError("sealed in a way that this version does not know")
        try:
            nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
            return self._cipher.decrypt(
                nonce, rest, version if version == UNBOUND else version + about.encode()
            ).decode()
        except InvalidTag as error:
            raise ValueError("sealed with another key, about something else, or changed since") from error

    def mac(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._mac_key, f"{purpose}|{text}".encode(), "sha256")


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
