"""Ringing phones, as an operator sets it: this service's key, whom push services may write to, which are called.

Without a key no phone is rung; the demonstration makes its own. The key is the identity of the service: with another
one every phone has to agree anew.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.push.endpoints import KNOWN_SERVICES, Services, is_host_rule

KEY_BYTES: Final = 32
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256: keys lie below it
CONTACT_DEMO: Final = "mailto:demonstration@onbeat.invalid"


_CONTACT: Final = re.compile(r"mailto:[^@\s]+@[\w-]+(\.[\w-]+)+|https://[\w-]+(\.[\w-]+)+")  # what py_vapid signs


class PushSettingsError(ValueError):
    """A setting of this part does not hold what it should; the message names it."""


@dataclass(frozen=True, slots=True)
class PushSettings:
    """`private_key`, `public_key`: base64url, as browsers and py_vapid take them. `contact`: mailto: or https:."""

    private_key: str
    public_key: str
    contact: str
    services: Services


def push_settings(env: Mapping[str, str], demo: bool, beside: Path) -> PushSettings | None:
    """What the environment says, or None: no key, nobody is rung. `beside`: where the demonstration keeps its key.

    Raises: PushSettingsError.
    """
    text, path = env.get("ONBEAT_VAPID_KEY"), env.get("ONBEAT_VAPID_KEY_FILE")
    contact = env.get("ONBEAT_VAPID_CONTACT") or (CONTACT_DEMO if demo else "")
    services = _services(env)
    if text and path:
        raise PushSettingsError("ONBEAT_VAPID_KEY and ONBEAT_VAPID_KEY_FILE are both set: one of them")
    if path:
        try:
            text = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PushSettingsError(f"ONBEAT_VAPID_KEY_FILE cannot be read: {error}") from error
    if not text and not path:
        if not demo:
            return None
        text = kept_once(beside.with_name("vapid.key"), new_key())
    private = _private(text or "")
    if not _CONTACT.fullmatch(contact):
        raise PushSettingsError("ONBEAT_VAPID_CONTACT must be mailto:somebody@a.host or https://a.host: whoever runs "
                                "a push service writes to it")  # fmt: skip
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushSettings(text or "", _text(public), contact, services)


def new_key() -> str:
    """A private key of P-256 in base64url."""
    return _text((secrets.randbelow(ORDER - 1) + 1).to_bytes(KEY_BYTES, "big"))


def kept_once(path: Path, text: str) -> str:
    """What the file holds; `text`, where there was none. Whoever comes first makes it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


def _private(text: str) -> ec.EllipticCurvePrivateKey:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        value = int.from_bytes(raw, "big")
        if len(raw) == KEY_BYTES and 0 < value < ORDER:
            return ec.derive_private_key(value, ec.SECP256R1())
    except (binascii.Error, ValueError):
        pass
    raise PushSettingsError("ONBEAT_VAPID_KEY is no private key of P-256: 32 bytes in base64url, 43 characters")


def _services(env: Mapping[str, str]) -> Services:
    hosts = tuple(_words(env.get("ONBEAT_PUSH_HOSTS", ""))) or KNOWN_SERVICES
    for host in hosts:
        if not is_host_rule(host):
            raise PushSettingsError(
                f"ONBEAT_PUSH_HOSTS holds {host!r}: a host's name in small letters, maybe *. before it"
            )
    origins = frozenset(_words(env.get("ONBEAT_PUSH_ORIGINS", "")))
    for origin in origins:
        try:
            parts = urlsplit(origin)
            exact = f"{parts.scheme}://{parts.netloc}" == origin and parts.scheme in ("http", "https")
            exact = exact and bool(parts.hostname) and "@" not in parts.netloc and (parts.port or 1) > 0
        except ValueError:
            exact = False
        if not exact:
            raise PushSettingsError(
                f"ONBEAT_PUSH_ORIGINS holds {origin!r}: http:// or https:// and a host, nothing after"
            )
    return Services(hosts, origins)


def _words(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
