"""Lines that leave this machine are encrypted, and whoever answers is asked who they are; else nothing starts.

What an operator may say instead is ONBEAT_PLAIN=1: another layer does it, a private link or a mesh.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs, urlsplit

HERE: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})
PROVEN: Final = frozenset({"verify-ca", "verify-full"})


def plain_lines(database_urls: Iterable[str], redis_url: str, origins: Iterable[str]) -> str | None:
    """What is wrong, in a sentence without any address' password; None: nothing."""
    for url in database_urls:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        hosts = [_host(one) for one in parts.netloc.rpartition("@")[2].split(",")]
        hosts = [*hosts, *(one for name in asked.get("host", []) for one in name.split(","))]
        away = [host for host in hosts if host not in HERE and not host.startswith("/")]
        if away and asked.get("sslmode", [""])[-1] not in PROVEN:
            return f"the database at {away[0]} is asked in the open: add sslmode=verify-full to its address"
    redis = urlsplit(redis_url)
    if redis.scheme == "redis" and (redis.hostname or "") not in HERE:
        return f"Redis at {redis.hostname} is asked in the open: its address begins with rediss://"
    if redis.scheme == "rediss" and "none" in parse_qs(redis.query).get("ssl_cert_reqs", []):
        return "whoever answers for Redis is believed: leave ssl_cert_reqs=none out"
    for origin in origins:
        said = urlsplit(origin)
        if said.scheme == "http" and (said.hostname or "") not in HERE:
            return f"pages of {origin} would be read in the open: its origin begins with https://"
    return None


def _host(one: str) -> str:
    """Of `host`, `host:port`, `[address]` or `[address]:port`."""
    return one[1:].partition("]")[0] if one.startswith("[") else one.partition(":")[0]
