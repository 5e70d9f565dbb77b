"""What the routes of sign-in by a second factor, of telephones and of the vault take, give and refuse."""

from dispatch.people.factors import Asked
from dispatch.people.phones import Identity
from gateway.wire.factors import FactorAdded, FactorForgotten, FactorMade, FactorsOfMine, PasswordAgain, Second
from gateway.wire.messages import PasswordChosen, Signed
from gateway.wire.openapi import Gives, Operation, Operations, Parameter, Session
from gateway.wire.phones import CodeSent, Confirmed, IdentityAsked, PhoneAsked, PhoneCode, PhonesOffered


def people_operations(
    who: tuple[str, ...], body: tuple[str, ...], fails: tuple[str, ...], case: Parameter
) -> Operations:
    """`who`: the problems of every route that needs a session. `body`: of every body. `fails`: of every route."""
    return {
        ("POST", "/v1/sessions/second"): Operation(
            id="second", group="sign-in", takes=Second, session=Session.OPTIONAL,
            gives={201: Gives("Signed in.", Signed)},
            problems=(
                *body, "page_unknown", "csrf_refused", "second_over", "second_wrong", "too_many_attempts",
                "factors_full",
                "factor_known", "sign_in_refused", *fails,
            ),
        ),
        ("POST", "/v1/password"): Operation(
            id="password", group="sign-in", session=Session.NEEDED, takes=PasswordChosen,
            gives={200: Gives("Changed; the session that goes on.", Signed)},
            problems=(*body, "password_wrong", "password_weak", "password_common", "password_of_the_house", *who),
        ),
        ("GET", "/v1/factors"): Operation(
            id="factors", group="sign-in", session=Session.NEEDED, gives={200: Gives("Mine.", FactorsOfMine)},
            problems=("not_found", *who),
        ),
        ("POST", "/v1/factors"): Operation(
            id="factor", group="sign-in", session=Session.NEEDED, takes=FactorMade,
            gives={201: Gives("Added.", FactorAdded)},
            problems=(
                *body, "second_over", "second_wrong", "too_many_attempts", "factors_full", "factor_known",
                "not_found", *who,
            ),
        ),
        ("POST", "/v1/factors/app"): Operation(
            id="factor_app", group="sign-in", session=Session.NEEDED, takes=PasswordAgain,
            gives={200: Gives("The secret, and a note to come back with.", Asked)},
            problems=(*body, "password_wrong", "not_found", *who),
        ),
        ("POST", "/v1/factors/passkey"): Operation(
            id="factor_passkey", group="sign-in", session=Session.NEEDED, takes=PasswordAgain,
            gives={200: Gives("Options, and a note to come back with.", Asked)},
            problems=(*body, "password_wrong", "not_found", *who),
        ),
        ("POST", "/v1/factors/forgotten"): Operation(
            id="factor_forgotten", group="sign-in", session=Session.NEEDED, takes=FactorForgotten,
            gives={204: Gives("Forgotten.")}, problems=(*body, "password_wrong", "factor_last", "not_found", *who),
        ),
        ("GET", "/v1/phones"): Operation(
            id="phones", group="reports", session=Session.OPTIONAL, gives={200: Gives("Whether it is.", PhonesOffered)},
            problems=fails,
        ),
        ("POST", "/v1/phones"): Operation(
            id="phone", group="reports", takes=PhoneAsked, session=Session.OPTIONAL,
            gives={202: Gives("On its way.", CodeSent)},
            problems=(
                *body, "phone_not_offered", "phone_invalid", "phone_not_served", "too_many_codes", "codes_used_up",
                *fails,
            ),
        ),
        ("POST", "/v1/phones/confirmed"): Operation(
            id="phone_confirmed", group="reports", takes=PhoneCode, session=Session.OPTIONAL,
            gives={200: Gives("Confirmed.", Confirmed)},
            problems=(*body, "phone_not_offered", "code_wrong", "code_over", *fails),
        ),
        ("POST", "/v1/cases/{case}/identity"): Operation(
            id="identity", group="cases", session=Session.NEEDED, parameters=(case,), takes=IdentityAsked,
            gives={200: Gives("As far as they said.", Identity)},
            problems=(*body, "not_found", "vault_key_differs", *who),
        ),
    }  # fmt: skip
