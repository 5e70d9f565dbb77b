"""WebAuthn by `webauthn` (py_webauthn) and time-based codes by `pyotp`: keeps `Passkeys` and `Apps`."""

import json
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import pyotp
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dispatch.people.factors import Factor

NAME: Final = "OnBeat"
CREDENTIAL_BYTES_MAX: Final = 1_023  # WebAuthn level 3, section 4, "credential ID"
WRONG: Final = (
    WebAuthnException, ValueError, LookupError, TypeError, AttributeError, UnsupportedAlgorithm, DuplicateExtension,
)  # fmt: skip
"""What the library raises for what is no credential, or not this one's; all of it means no."""


class WebAuthnPasskeys:
    """`origins`: pages of this service; the host of a passkey is theirs, a name and never an address (D28)."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = sorted(origins)
        hosts = sorted({urlsplit(origin).hostname or "" for origin in origins})
        named = [host for host in hosts if not host.replace(".", "").isdigit()]
        self._host = (named or hosts)[0]

    def creation(self, account: UUID, login: str, known: list[bytes]) -> tuple[dict[str, Any], bytes]:
        options = generate_registration_options(
            rp_id=self._host, rp_name=NAME, user_id=account.bytes, user_name=login,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )  # fmt: skip
        return json.loads(options_to_json(options)), options.challenge

    def made(self, credential: dict[str, Any], challenge: bytes) -> tuple[bytes, bytes, int] | None:
        try:
            found = verify_registration_response(
                credential=credential, expected_challenge=challenge, expected_rp_id=self._host,
                expected_origin=self._origins, require_user_verification=True,
            )  # fmt: skip
        except WRONG:
            return None
        if len(found.credential_id) > CREDENTIAL_BYTES_MAX:
            return None
        return found.credential_id, found.credential_public_key, found.sign_count

    def request(self, known: list[bytes]) -> tuple[dict[str, Any], bytes]:
        options = generate_authentication_options(
            rp_id=self._host, allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            user_verification=UserVerificationRequirement.REQUIRED,
        )  # fmt: skip
        return json.loads(options_to_json(options)), options.challenge

    def signed(self, credential: dict[str, Any], challenge: bytes, factor: Factor) -> int | None:
        try:
            found = verify_authentication_response(
                credential=credential, expected_challenge=challenge, expected_rp_id=self._host,
                expected_origin=self._origins, credential_public_key=factor.public_key,
                credential_current_sign_count=factor.sign_count, require_user_verification=True,
            )  # fmt: skip
        except WRONG:
            return None
        return found.new_sign_count if found.credential_id == factor.credential else None


class TotpApps:
    """RFC 6238 with SHA-1, six digits and thirty seconds: what every app speaks."""

    def secret(self) -> str:
        return pyotp.random_base32()

    def uri(self, secret: str, login: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=NAME)

    def step(self, secret: str, code: str, now: float) -> int | None:
        if not secret:
            return None
        app = pyotp.TOTP(secret)
        for shift in (0, -1, 1):
            at = int(now) + shift * app.interval
            if pyotp.utils.strings_equal(code, app.at(at)):
                return at // app.interval
        return None
