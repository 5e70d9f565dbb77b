"""Signed tickets: what is forged, old or mangled opens nothing."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from dispatch.people.tickets import Ticket, TicketRefusal, sign, verify
from dispatch.people.values import Role

KEY = b"k" * 32
NOW = 1_700_000_000.0


def ticket(expires: int = int(NOW) + 30) -> Ticket:
    return Ticket(
        session=uuid4(),
        role=Role.OFFICER,
        officer=uuid4(),
        station="x1",
        case=None,
        origin="http://localhost:8000",
        expires=expires,
        nonce=b"n" * 16,
    )


def test_what_was_signed_is_read_back() -> None:
    one = ticket()
    assert verify(KEY, sign(KEY, one), NOW) == one


def test_a_ticket_at_its_exact_expiry_is_expired() -> None:
    text = sign(KEY, ticket(expires=int(NOW)))
    assert verify(KEY, text, NOW) is TicketRefusal.EXPIRED
    assert isinstance(verify(KEY, text, NOW - 0.001), Ticket)


def test_another_key_signs_nothing_of_ours() -> None:
    assert verify(KEY, sign(b"other", ticket()), NOW) is TicketRefusal.FORGED


def test_every_changed_character_is_noticed() -> None:
    text = sign(KEY, ticket())
    for at in range(len(text)):
        other = "A" if text[at] != "A" else "B"
        changed = text[:at] + other + text[at + 1 :]
        # The last character of a base64 group may carry unused bits; then the same bytes are meant.
        answer = verify(KEY, changed, NOW)
        assert isinstance(answer, TicketRefusal) or verify(KEY, text, NOW) == answer


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,90}\.[A-Za-z0-9_-]{0,50}", fullmatch=True))
def test_any_text_is_refused_and_nothing_breaks(text: str) -> None:
    assert isinstance(verify(KEY, text, NOW), TicketRefusal)


def test_an_endless_ticket_is_refused_before_it_is_read() -> None:
    assert verify(KEY, "A" * 100_000 + "." + "A" * 43, NOW) is TicketRefusal.MALFORMED
