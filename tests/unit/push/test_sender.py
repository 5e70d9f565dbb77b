"""What leaves for a push service: sealed for one phone, signed by us, and nothing that follows where it is led."""

import pytest

from dispatch.adapters.webpush import WebPushSender
from dispatch.limits import VAPID_S
from dispatch.push.values import Outcome
from gateway.vapid import push_settings
from tests.unit.push.service import PushService

NOW = 1_790_000_000.0
TOPIC = "0123456789abcdef0123456789abcdef"


class At:
    """A clock that is moved by hand."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def key(tmp_path: object) -> tuple[str, str]:
    import pathlib

    found = push_settings({}, True, pathlib.Path(str(tmp_path)) / "credentials.json")
    assert found is not None
    return found.private_key, found.public_key


async def test_a_push_is_sealed_for_its_phone_and_signed_by_us(key: tuple[str, str]) -> None:
    async with PushService() as service:
        phone = service.phone()
        sender = WebPushSender(key[0], "mailto:radio@police.example", At(), frozenset({service.url}))
        told = await sender.send(phone.subscription(), b'{"kind":"offer"}', ttl_s=41, topic=TOPIC)
        await sender.close()
    assert (told.outcome, told.status) == (Outcome.SENT, 201)
    (one,) = service.pushed
    assert one.told == {"kind": "offer"}
    assert b"offer" not in one.raw, "it travels sealed"
    assert one.headers["ttl"] == "41" and one.headers["urgency"] == "high" and one.headers["topic"] == TOPIC
    assert one.headers["content-encoding"] == "aes128gcm"
    assert one.key == key[1]
    assert one.claims == {"aud": service.url, "exp": int(NOW) + VAPID_S, "sub": "mailto:radio@police.example"}


async def test_a_token_serves_for_hours_and_is_renewed_before_it_ends(key: tuple[str, str]) -> None:
    clock = At()
    async with PushService() as service:
        phone = service.phone().subscription
        one_phone = phone()
        sender = WebPushSender(key[0], "mailto:radio@police.example", clock, frozenset({service.url}))
        for later_s in (0, VAPID_S / 2 - 10, VAPID_S / 2 + 10):
            clock.now = NOW + later_s
            await sender.send(one_phone, b"{}", ttl_s=1, topic=TOPIC)
        await sender.close()
    first, second, third = (one.headers["authorization"] for one in service.pushed)
    assert first == second != third


async def test_a_redirect_is_not_followed(key: tuple[str, str]) -> None:
    async with PushService() as service, PushService() as inside:
        service.answers = [(307, {"location": f"{inside.url}/push/x"})]
        sender = WebPushSender(key[0], "mailto:a@b.example", At(), frozenset({service.url, inside.url}))
        told = await sender.send(service.phone().subscription(), b"{}", ttl_s=1, topic=TOPIC)
        await sender.close()
    assert told.outcome is Outcome.REFUSED and inside.asked == 0


async def test_a_private_address_is_not_called_unless_its_origin_was_named(key: tuple[str, str]) -> None:
    async with PushService() as service:
        sender = WebPushSender(key[0], "mailto:a@b.example", At())
        told = await sender.send(service.phone().subscription(), b"{}", ttl_s=1, topic=TOPIC)
        await sender.close()
    assert (told.outcome, told.status) == (Outcome.LATER, 0)
    assert service.asked == 0, "not even connected"


async def test_a_service_that_is_not_there_is_worth_another_try(key: tuple[str, str]) -> None:
    async with PushService() as service:
        phone = service.phone().subscription()
    sender = WebPushSender(key[0], "mailto:a@b.example", At(), frozenset({service.url}))
    assert (await sender.send(phone, b"{}", ttl_s=1, topic=TOPIC)).outcome is Outcome.LATER
    await sender.close()
