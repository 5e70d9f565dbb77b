"""Which addresses a phone may name: a push service that is known, and nothing that leads into our own network."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.adapters.webpush import is_public, told_by
from dispatch.limits import PUSH_ENDPOINT_CHARS_MAX
from dispatch.push.endpoints import Services, is_public_key
from dispatch.push.values import Outcome

OWN = "http://127.0.0.1:4711"
SERVICES = Services(origins=frozenset({OWN}))


@pytest.mark.parametrize(
    ("endpoint", "rule"),
    [
        ("https://fcm.googleapis.com/fcm/send/c9:APA91b", "fcm.googleapis.com"),
        ("https://fcm.googleapis.com:443/fcm/send/c9", "fcm.googleapis.com"),
        ("https://web.push.apple.com/QGu", "*.push.apple.com"),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAAAA", "updates.push.services.mozilla.com"),
        ("https://wns2-par02p.notify.windows.com/w/?token=BQY", "*.notify.windows.com"),
        (f"{OWN}/push/1", OWN),
    ],
)
def test_the_known_push_services_and_named_origins_may_be_called(endpoint: str, rule: str) -> None:
    assert SERVICES.of(endpoint) == rule


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/x",  # not sealed on its way
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://xfcm.googleapis.com/x",
        "https://push.apple.com/x",  # the rule wants a name before it
        "https://evilpush.apple.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com@169.254.169.254/x",
        "https://user:word@fcm.googleapis.com/x",
        "https://fcm.googleapis.com\\@evil.example/x",
        "https://fcm.googleapis.com#@evil.example/x",
        "https://FCM.googleapis.com./x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://localhost/x",
        "http://127.0.0.1:4712/push/1",
        "http://127.0.0.1:4711.evil.example/push/1",
        "https://127.0.0.1:4711/push/1",
        "file:///etc/passwd",
        "gopher://fcm.googleapis.com/x",
        "https:///x",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/\r\nhost: evil",
        "https://fcm.googleapis.com:99999/x",
        "https://fcm.googleapis.com/" + "x" * PUSH_ENDPOINT_CHARS_MAX,
        "",
    ],
)
def test_everything_else_is_refused(endpoint: str) -> None:
    assert SERVICES.of(endpoint) is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "2002:7f00:1::",
        "64:ff9b::a00:1", "64:ff9b::7f00:1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_open_internet_is_known_also_in_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["142.250.1.1", "2607:f8b0:4005:80a::200e", "::ffff:142.250.1.1"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_only_a_point_of_the_curve_is_a_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert is_public_key(raw)
    assert not is_public_key(raw[:-1])
    assert not is_public_key(b"\x04" + bytes(64))
    assert not is_public_key(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert not is_public_key(key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SENT), (201, Outcome.SENT), (202, Outcome.SENT),
        (404, Outcome.DEAD), (410, Outcome.DEAD),
        (429, Outcome.LATER), (500, Outcome.LATER), (503, Outcome.LATER),
        (301, Outcome.REFUSED), (307, Outcome.REFUSED), (400, Outcome.REFUSED), (403, Outcome.REFUSED),
        (413, Outcome.REFUSED),
    ],
)  # fmt: skip
def test_what_a_push_service_answers_has_one_meaning(status: int, outcome: Outcome) -> None:
    assert told_by(status, {}).outcome is outcome


def test_a_wait_that_is_asked_for_is_bounded() -> None:
    assert told_by(429, {b"retry-after": b"7"}).retry_after_s == 7
    assert told_by(429, {b"retry-after": b"86400"}).retry_after_s == 60
    assert told_by(429, {b"retry-after": b"Fri, 31 Dec 1999 23:59:59 GMT"}).retry_after_s is None
