"""What is said about signing in by an identity provider."""

from msgspec import Struct


class ProviderOffered(Struct, frozen=True, kw_only=True):
    """GET /v1/oidc. `name`: what its button says; null where there is none."""

    name: str | None


class SignedOut(Struct, frozen=True, kw_only=True):
    """What ends a session that the identity provider opened. `to`: where the browser signs out there too."""

    to: str


class Leave(Struct, frozen=True, kw_only=True):
    """POST /v1/oidc: the address to go to, within so many seconds there and back."""

    to: str
    expires_in_s: int
