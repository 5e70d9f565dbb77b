"""The vault's envelope: AES-256-GCM by `cryptography`, keys by HKDF from the operator's secret. Keeps `Sealer`."""

import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES: Final = 12  # drawn: 2^32 sealings under one key before it should be changed (NIST SP 800-38D, 8.3)
VERSION: Final = b"\x01"


class AesSealer:
    """What is sealed begins with a version, so that another key or cipher can come beside it."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derived(secret, b"onbeat vault seal"))
        self._mac_key = _derived(secret, b"onbeat vault mac")

    def seal(self, plain: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain.encode(), VERSION)

    def open(self, sealed: bytes) -> str:
        if sealed[:1] != VERSION or len(sealed) <= 1 + NONCE_BYTES:
            raise ValueError("sealed in a way that this version does not know")
        try:
            nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
            return self._cipher.decrypt(nonce, rest, VERSION).decode()
        except InvalidTag as error:
            raise ValueError("sealed with another key, or changed since") from error

    def mac(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._mac_key, f"{purpose}|{text}".encode(), "sha256")


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
