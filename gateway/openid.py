"""The house's identity provider, as an operator sets it: none of it, or all that a sign-in needs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dispatch import limits
from dispatch.people.providers import safe_address

NAME_CHARS_MAX: Final = 40  # of a button
SECRET_CHARS_MIN: Final = 16  # the provider made it; 32 is what we ask of our own
NEEDED: Final = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME")
OPTIONAL: Final = ("OIDC_LOGIN_CLAIM", "OIDC_STRONG_ACR", "OIDC_STRONG_AMR", "OIDC_MAX_AGE_S", "OIDC_SIGN_OUT")

_WORDS: Final = re.compile(r"[!-+\--~]+(?:,[!-+\--~]+)*")  # printable, without blanks, commas between
_ID: Final = re.compile(r"[!-~]{1,255}")
_CLAIM: Final = re.compile(r"[A-Za-z0-9_:./-]{1,80}")


class OpenIdSettingsError(ValueError):
    """A setting of this part does not hold what it should; the message names it."""


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """`name`: what the button says. `login_claim`: whose value may name a login at a first sign-in, None for none.
    `strong_acr`, `strong_amr`: what counts as a second factor. `login_s`: how old a sign-in there may be. `sign_out`:
    whether who signs out here is led there to sign out too."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    login_claim: str | None
    strong_acr: tuple[str, ...]
    strong_amr: tuple[str, ...]
    login_s: int
    sign_out: bool


def openid_settings(
    env: Mapping[str, str], secret_of: Callable[[Mapping[str, str], str, int], bytes | None]
) -> OpenIdSettings | None:
    """None where nothing is said of it. `secret_of`: reads a secret or the file that holds it, of at least so many
    characters.

    Raises: OpenIdSettingsError, and what `secret_of` raises.
    """
    secret = secret_of(env, "OIDC_CLIENT_SECRET", SECRET_CHARS_MIN)
    said = {name: env.get(name, "").strip() for name in (*NEEDED, *OPTIONAL)}
    said["OIDC_CLIENT_SECRET"] = secret.decode() if secret else ""
    if not any(said.values()):
        return None
    missing = [name for name in NEEDED if not said[name]]
    if missing:
        there = " and ".join(name for name, value in said.items() if value)
        raise OpenIdSettingsError(f"{there} alone is half a provider: {' and '.join(missing)} must be set too")
    issuer = said["OIDC_ISSUER"]
    if not safe_address(issuer, plain=True) or "?" in issuer:
        raise OpenIdSettingsError(
            "OIDC_ISSUER must be the provider's https:// address, without ? and #; http:// on this very machine only"
        )
    for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        if not _ID.fullmatch(said[name]):
            raise OpenIdSettingsError(f"{name} may hold 255 printable characters of ASCII, no blanks")
    if len(said["OIDC_NAME"]) > NAME_CHARS_MAX or not said["OIDC_NAME"].isprintable():
        raise OpenIdSettingsError(f"OIDC_NAME may hold {NAME_CHARS_MAX} characters: it stands on a button")
    claim = said["OIDC_LOGIN_CLAIM"]
    if claim and not _CLAIM.fullmatch(claim):
        raise OpenIdSettingsError("OIDC_LOGIN_CLAIM must name one claim of the ID token, such as preferred_username")
    return OpenIdSettings(
        issuer=issuer,
        client_id=said["OIDC_CLIENT_ID"],
        client_secret=said["OIDC_CLIENT_SECRET"],
        name=said["OIDC_NAME"],
        login_claim=claim or None,
        strong_acr=_words(said, "OIDC_STRONG_ACR"),
        strong_amr=_words(said, "OIDC_STRONG_AMR"),
        login_s=_seconds(said["OIDC_MAX_AGE_S"]),
        sign_out=_sign_out(said["OIDC_SIGN_OUT"]),
    )


def _words(said: Mapping[str, str], name: str) -> tuple[str, ...]:
    text = said[name]
    if text and not _WORDS.fullmatch(text):
        raise OpenIdSettingsError(f"{name} holds values of a token with commas between, no blanks")
    return tuple(text.split(",")) if text else ()


def _sign_out(text: str) -> bool:
    if text not in ("", "there", "here"):
        raise OpenIdSettingsError("OIDC_SIGN_OUT may be there (at the provider too) or here (in this service alone)")
    return text != "here"


def _seconds(text: str) -> int:
    if not text:
        return limits.OIDC_LOGIN_S
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) >= 60):
        raise OpenIdSettingsError("OIDC_MAX_AGE_S may be a whole number from 60 to 999999: seconds")
    return int(text)
