"""What the routes of sign-in by an identity provider take, give and refuse."""

from typing import Final

from dispatch.people.factors import Asked
from gateway.wire.messages import Signed
from gateway.wire.openapi import Gives, Operation, Operations, Parameter, Session
from gateway.wire.openid import Leave, ProviderOffered

PAGE: Final = Parameter(
    "X-OnBeat-Page", "header", "The page that asks: officer, desk or admin.", {"enum": ["officer", "desk", "admin"]}
)
CAME: Final = tuple(
    Parameter(name, "query", f"As the provider says it: {name}.", required=False)
    for name in ("state", "code", "iss", "error")
)


def openid_operations(fails: tuple[str, ...]) -> Operations:
    """`fails`: the problems of every route."""
    page = ("oidc_off", "page_unknown", "csrf_refused", "oidc_wrong_page", "oidc_away")
    return {
        ("GET", "/v1/oidc"): Operation(
            id="oidc", group="sign-in", session=Session.OPTIONAL,
            gives={200: Gives("Its name, or null.", ProviderOffered)}, problems=fails,
        ),
        ("POST", "/v1/oidc"): Operation(
            id="oidc_leave", group="sign-in", session=Session.OPTIONAL, parameters=(PAGE,),
            gives={200: Gives("Where to go.", Leave)}, problems=(*page, *fails),
        ),
        ("GET", "/v1/oidc/callback"): Operation(
            id="oidc_callback", group="sign-in", session=Session.OPTIONAL, parameters=CAME,
            gives={303: Gives("To the page that began.")}, problems=("oidc_off", "oidc_over", *fails),
        ),
        ("POST", "/v1/oidc/session"): Operation(
            id="oidc_session", group="sign-in", session=Session.OPTIONAL, parameters=(PAGE,),
            gives={201: Gives("Signed in.", Signed), 202: Gives("Our own second factor is needed.", Asked)},
            problems=(
                *page, "oidc_over", "oidc_refused", "oidc_invalid", "oidc_not_linked", "oidc_suspended",
                "too_many_attempts", *fails,
            ),
        ),
    }  # fmt: skip
