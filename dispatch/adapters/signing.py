"""Ed25519 (RFC 8032) by `cryptography`: keeps `dispatch.audit.record.Signer` and `Verifier`."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

KEY_FILE = "witness.pem"
"""Beside the records, for who verifies; whoever distrusts that place keeps a copy of it elsewhere."""


class WitnessKeyError(ValueError):
    """The file holds no public key that verifies records."""


class Ed25519Signer:
    """The key is derived from the operator's secret: SHA-256 of it is the seed."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"onbeat witness|" + secret).digest())

    def sign(self, said: bytes) -> bytes:
        return self._key.sign(said)

    def public(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def pem(self) -> bytes:
        """The public key as a file."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Ed25519Verifier:
    """Raises on making: WitnessKeyError where `pem` holds no Ed25519 public key."""

    def __init__(self, pem: bytes) -> None:
        try:
            key = load_pem_public_key(pem)
        except ValueError as error:
            raise WitnessKeyError(f"no public key: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise WitnessKeyError("no Ed25519 key")
        self._key = key

    def right(self, said: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, said)
        except InvalidSignature:
            return False
        return True
