"""What an operator may set, read from the environment once, into one frozen object.

A wrong word is refused with a sentence that says what is allowed. Without the two secrets nothing starts; the
demonstration alone makes its own and keeps them beside its sign-ins.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from dispatch.limits import READ_LIMITS_DEMO, READS_PER_MIN_MAX, REPORT_LIMITS_DEMO, SMS_PER_DAY
from gateway.basemap import Basemap
from gateway.lines import plain_lines
from gateway.openid import OpenIdSettings, OpenIdSettingsError, openid_settings
from gateway.vapid import PushSettings, PushSettingsError, push_settings

SECRET_CHARS_MIN: Final = 32
PASSWORD_WORD_CHARS_MIN: Final = 3
CREDENTIALS_DEFAULT: Final = ".local/credentials.json"
EMERGENCY_NUMBER_DEFAULT: Final = "110"

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})


class SettingsError(ValueError):
    """The environment does not say what is needed; the message names the variable and what it may hold."""


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """How numbers are confirmed. `gateway` None: the demonstration's outbox where `outbox` says so, else not at all.
    `vault_key`: secret behind the vault, whose names are opened also where no number is confirmed any more."""

    vault_key: bytes
    regions: tuple[str, ...]
    per_day: int
    gateway: str | None
    gateway_key: bytes
    outbox: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """`database_owner_url`: equal to `database_url` where the operator gave only one.

    `origins`: pages that may open sockets, compared exactly. `trusted_proxy`: X-Forwarded-For is believed, its
    last entry, because a proxy of ours wrote it. `town`: a file to seed an empty database from. `heads`: the folder
    outside the database that a witness writes to, with `witness_key`, the secret behind its signatures. `push`: None
    where no phone is rung. `openid`: None where no identity provider signs people in. `report_limits`: how often the
    shipped limits of reports count; 0: there are none. `password_words`: of the town, that no password is made of.
    """

    database_url: str
    database_owner_url: str
    redis_url: str
    host: str
    port: int
    origins: frozenset[str]
    demo: bool
    credentials: Path
    town: Path | None
    pepper: bytes
    ticket_key: bytes
    emergency_number: str
    trusted_proxy: bool
    heads: Path | None = None
    witness_key: bytes | None = None
    basemap: Basemap = field(default_factory=Basemap)
    phones: "PhoneSettings | None" = None
    second_factor_required: bool = False
    push: PushSettings | None = None
    tls: tuple[Path, Path] | None = None
    openid: OpenIdSettings | None = None
    report_limits: float = 0.0
    reads_per_min: float = READS_PER_MIN_MAX
    password_words: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: SettingsError."""
        database_url = _url(env, "DATABASE_URL", "postgresql", "postgres")
        owner_url = _url(env, "DATABASE_OWNER_URL", "postgresql", "postgres", default=database_url)
        port = _port(env)
        demo = _flag(env, "ONBEAT_DEMO")
        credentials = Path(env.get("ONBEAT_CREDENTIALS") or CREDENTIALS_DEFAULT)
        town = env.get("ONBEAT_TOWN")
        origins, redis_url = _origins(env, port), _url(env, "REDIS_URL", "redis", "rediss", "unix")
        plain = None if demo else plain_lines((database_url, owner_url), redis_url, origins)
        if plain is not None and not _flag(env, "ONBEAT_PLAIN"):
            raise SettingsError(f"{plain}; or ONBEAT_PLAIN=1, where another layer encrypts that line")
        pepper, ticket_key = _secrets(env, demo, credentials)
        heads, witness_key = _witness(env, demo, credentials, ticket_key)
        try:
            push = push_settings(env, demo, credentials)
            openid = openid_settings(env, _secret)
        except (PushSettingsError, OpenIdSettingsError) as error:
            raise SettingsError(str(error)) from error
        return cls(
            database_url=database_url,
            database_owner_url=owner_url,
            redis_url=redis_url,
            host=env.get("HOST") or "127.0.0.1",
            port=port,
            origins=origins,
            demo=demo,
            credentials=credentials,
            town=Path(town) if town else None,
            pepper=pepper,
            ticket_key=ticket_key,
            emergency_number=env.get("ONBEAT_EMERGENCY_NUMBER") or EMERGENCY_NUMBER_DEFAULT,
            trusted_proxy=_flag(env, "ONBEAT_TRUSTED_PROXY"),
            heads=heads,
            witness_key=witness_key,
            basemap=_basemap(env),
            phones=_phones(env, demo, pepper),
            second_factor_required=_second(env, demo),
            push=push,
            tls=_tls(env),
            openid=openid,
            report_limits=_times(env, "ONBEAT_REPORT_LIMITS", REPORT_LIMITS_DEMO if demo else 1),
            reads_per_min=READS_PER_MIN_MAX * _times(env, "ONBEAT_READ_LIMITS", READ_LIMITS_DEMO if demo else 1),
            password_words=_password_words(env),
        )


def _basemap(env: Mapping[str, str]) -> Basemap:
    try:
        return Basemap.from_env(env)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _url(env: Mapping[str, str], name: str, *schemes: str, default: str | None = None) -> str:
    text = env.get(name) or default
    if text is None:
        raise SettingsError(f"{name} is not set: it is the address of the store, {schemes[0]}://...")
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        scheme = ""
    if scheme not in schemes:
        # The value itself may hold a password: it is not repeated.
        raise SettingsError(f"{name} is no address that begins with {' or '.join(f'{s}://' for s in schemes)}")
    return text


def _port(env: Mapping[str, str]) -> int:
    text = env.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise SettingsError(f"PORT is {text!r}: it may be a number from 1 to 65535")
    return int(text)


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise SettingsError(f"{name} is {env[name]!r}: it may be 1, true, yes, on, or 0, false, no, off")


def _origins(env: Mapping[str, str], port: int) -> frozenset[str]:
    text = env.get("ONBEAT_ORIGINS")
    if not text:
        return frozenset({f"http://localhost:{port}", f"http://127.0.0.1:{port}"})
    origins = [one.strip() for one in text.split(",") if one.strip()]
    for origin in origins:
        try:
            parts = urlsplit(origin)
            exact = f"{parts.scheme}://{parts.netloc}" == origin and parts.scheme in ("http", "https")
            exact = exact and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            exact = False
        if not exact:
            raise SettingsError(
                f"ONBEAT_ORIGINS holds {origin!r}: an origin is http:// or https:// and a host, with its port "
                "where that is not the usual one, and nothing after it"
            )
    return frozenset(origins)


def _secrets(env: Mapping[str, str], demo: bool, credentials: Path) -> tuple[bytes, bytes]:
    given = [_secret(env, "ONBEAT_PEPPER"), _secret(env, "ONBEAT_TICKET_KEY")]
    if None in given:
        if not demo:
            raise SettingsError(
                "ONBEAT_PEPPER and ONBEAT_TICKET_KEY (or ONBEAT_PEPPER_FILE and ONBEAT_TICKET_KEY_FILE) must each "
                f"hold a secret of at least {SECRET_CHARS_MIN} characters; only ONBEAT_DEMO=1 makes its own"
            )
        made = _demonstration_secrets(credentials.with_name("secrets.json"))
        given = [one or made[at] for at, one in enumerate(given)]
    pepper, ticket_key = (one for one in given if one is not None)
    if pepper == ticket_key:
        raise SettingsError("ONBEAT_PEPPER and ONBEAT_TICKET_KEY are equal: each needs a secret of its own")
    return pepper, ticket_key


def _times(env: Mapping[str, str], name: str, unless_said: float) -> float:
    """How often a limit counts. A hundred times in the demonstration: its people share one address and one street."""
    text = env.get(name) or str(unless_said)
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
        raise SettingsError(f"{name} is {text!r}: how often the limits count, from 0 (none) to 999999")
    return float(text)


def _password_words(env: Mapping[str, str]) -> tuple[str, ...]:
    """Words of the town and the house that no password is made of. A shorter one would stand in everything."""
    words = tuple(one.strip() for one in (env.get("ONBEAT_PASSWORD_WORDS") or "").split(",") if one.strip())
    if any(len(word) < PASSWORD_WORD_CHARS_MIN and word.isascii() for word in words):
        raise SettingsError(f"ONBEAT_PASSWORD_WORDS holds a word of less than {PASSWORD_WORD_CHARS_MIN} letters")
    return words


def _second(env: Mapping[str, str], demo: bool) -> bool:
    """Whether nobody who works here signs in by a password alone; the demonstration only offers it."""
    said = env.get("ONBEAT_SECOND_FACTOR") or ("offered" if demo else "required")
    if said not in ("required", "offered"):
        raise SettingsError(f"ONBEAT_SECOND_FACTOR is {said!r}: it may be required or offered")
    return said == "required"


def _phones(env: Mapping[str, str], demo: bool, pepper: bytes) -> PhoneSettings | None:
    """None where nothing is said of it: reports are anonymous then."""
    url, key, vault = env.get("ONBEAT_SMS_URL"), _secret(env, "ONBEAT_SMS_KEY"), _secret(env, "ONBEAT_VAULT_KEY")
    regions = tuple((env.get("ONBEAT_SMS_REGIONS") or "CN").upper().split(","))
    per_day = env.get("ONBEAT_SMS_PER_DAY") or str(SMS_PER_DAY)
    if not all(re.fullmatch("[A-Z]{2}", region) for region in regions):
        raise SettingsError("ONBEAT_SMS_REGIONS holds what is no country: two letters each (ISO 3166), commas between")
    if not (per_day.isascii() and per_day.isdigit() and len(per_day) <= 7):
        raise SettingsError("ONBEAT_SMS_PER_DAY may be a whole number from 0 to 9999999")
    if url:
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("localhost", "127.0.0.1"):
            raise SettingsError("ONBEAT_SMS_URL begins with https://: numbers do not travel in the open")
        if key is None or vault is None:
            raise SettingsError("ONBEAT_SMS_URL is set: ONBEAT_SMS_KEY and ONBEAT_VAULT_KEY must each hold a secret")
        return PhoneSettings(vault, regions, int(per_day), url, key)
    if not demo:
        return PhoneSettings(vault, regions, int(per_day), None, b"") if vault is not None else None
    made = hashlib.sha256(b"the demonstration's vault|" + pepper).hexdigest().encode()
    return PhoneSettings(vault or made, regions, int(per_day), None, b"", outbox=True)


def _witness(
    env: Mapping[str, str], demo: bool, credentials: Path, ticket_key: bytes
) -> tuple[Path | None, bytes | None]:
    """Where heads go, and the secret that signs them: both or none; the demonstration's stand beside its sign-ins."""
    folder, key = env.get("ONBEAT_HEADS"), _secret(env, "ONBEAT_WITNESS_KEY")
    if folder and key is None and not demo:
        raise SettingsError("ONBEAT_HEADS is set: ONBEAT_WITNESS_KEY (or ..._FILE) must hold a secret that signs")
    if key is not None and not folder:
        raise SettingsError("ONBEAT_WITNESS_KEY is set: ONBEAT_HEADS must name the folder that the heads go to")
    if demo:
        made = hashlib.sha256(b"the demonstration's witness|" + ticket_key).hexdigest().encode()
        return Path(folder) if folder else credentials.with_name("heads"), key or made
    return (Path(folder), key) if folder else (None, None)


def _tls(env: Mapping[str, str]) -> tuple[Path, Path] | None:
    """Files of the certificate (with those between it and its root) and of its key, in PEM."""
    certificate, key = env.get("ONBEAT_TLS_CERT"), env.get("ONBEAT_TLS_KEY")
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise SettingsError("ONBEAT_TLS_CERT and ONBEAT_TLS_KEY belong together: one of them is not set")
    for name, path in (("ONBEAT_TLS_CERT", certificate), ("ONBEAT_TLS_KEY", key)):
        if not os.access(path, os.R_OK):
            raise SettingsError(f"{name} names {path}, which cannot be read")
    return Path(certificate), Path(key)


def _secret(env: Mapping[str, str], name: str, chars_min: int = SECRET_CHARS_MIN) -> bytes | None:
    text, path = env.get(name), env.get(f"{name}_FILE")
    if text and path:
        raise SettingsError(f"{name} and {name}_FILE are both set: one of them")
    if path:
        try:
            text = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE cannot be read: {error}") from error
    if not text and not path:
        return None
    if not text or len(text) < chars_min:
        raise SettingsError(f"{name} is shorter than {chars_min} characters")
    return text.encode()


def _demonstration_secrets(path: Path) -> tuple[bytes, bytes]:
    """Made by whichever process comes first, read by the others; for the demonstration only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = json.dumps({name: secrets.token_urlsafe(48) for name in ("pepper", "ticket_key")})
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(made)
    try:
        os.link(draft, path)  # whole or not at all, and never over another's
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    try:
        held = json.loads(path.read_text())
        return str(held["pepper"]).encode(), str(held["ticket_key"]).encode()
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} does not hold the demonstration's secrets: delete it") from error
