"""Outside the demonstration nothing starts whose lines to another machine are in the open."""

import pytest

from gateway.settings import Settings, SettingsError
from tests.unit.http.asking import ENV

HERE = {"DATABASE_URL": "postgresql://u:secret@127.0.0.1/x", "REDIS_URL": "redis://localhost:6379"}


@pytest.mark.parametrize(
    "said",
    [
        HERE,
        {"DATABASE_URL": "postgresql://u@/x?host=/run/postgresql", "REDIS_URL": "unix:///run/redis.sock"},
        {"DATABASE_URL": "postgresql://u@[::1]:5432/x"},
        {"DATABASE_URL": "postgresql://u@[::1]/x"},
        {"DATABASE_URL": "postgresql://u@db.example/x?sslmode=verify-full", "REDIS_URL": "rediss://cache.example"},
        {"DATABASE_URL": "postgresql://u@a.example:5432,b.example:5432/x?sslmode=verify-ca"},
        {"ONBEAT_ORIGINS": "https://beat.example,http://localhost:8000"},
    ],
)
def test_lines_of_this_machine_and_proven_ones_are_taken(said: dict[str, str]) -> None:
    Settings.from_env(ENV | HERE | said)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("DATABASE_URL", "postgresql://u:secret@db.example/x", "db.example is asked in the open"),
        ("DATABASE_URL", "postgresql://u:secret@db.example/x?sslmode=require", "sslmode=verify-full"),
        ("DATABASE_URL", "postgresql://u:secret@localhost,db.example:5433/x", "db.example"),
        ("DATABASE_URL", "postgresql://u:secret@/x?host=db.example", "db.example"),
        ("DATABASE_OWNER_URL", "postgresql://o:secret@db.example/x", "db.example"),
        ("REDIS_URL", "redis://:secret@cache.example", "rediss://"),
        ("REDIS_URL", "rediss://:secret@cache.example?ssl_cert_reqs=none", "believed"),
        ("ONBEAT_ORIGINS", "http://beat.example", "https://"),
    ],
)
def test_a_line_in_the_open_is_refused_unless_the_operator_answers_for_it(name: str, value: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=hint) as caught:
        Settings.from_env(ENV | HERE | {name: value})
    assert "secret" not in str(caught.value)
    Settings.from_env(ENV | HERE | {name: value, "ONBEAT_PLAIN": "1"})
    Settings.from_env(ENV | HERE | {name: value, "ONBEAT_DEMO": "1"})
