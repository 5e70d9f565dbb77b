"""A phone on the same network comes in: `scripts/up --phone`.

A second web process ends TLS at the network's address with a certificate of this machine's own authority; a door
beside it hands out the authority's root over plain HTTP and says how to install it. Nothing else listens beyond the
loopback.

`python -m scripts.phone ROOT HTTPS_URL HOST PORT` is the door.
"""

import contextlib
import html
import io
import socket
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import segno
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from scripts.authority import Authority, Pair

SECURE_BEYOND: Final = 443  # 8443 where PORT is 8000
DOOR_BEYOND: Final = 80  # 8080
ROOT_PATH: Final = "/onbeat-root.crt"
WITHOUT: Final = (
    "Without the root on the phone, or over plain http: no sign-in (its cookies are for secure connections only), no",
    "position, no opening without a line, no ringing of a locked phone, no installing. Passkeys need a name instead of",
    "an address. iPhones ring only for a page that was added to the home screen.",
)
HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """Where a phone comes in. `address`: of this machine in its network; nothing listens at another."""

    address: str
    port: int
    door_port: int

    @property
    def host(self) -> str:
        """As it stands in a URL."""
        return f"[{self.address}]" if ":" in self.address else self.address

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"

    @property
    def door(self) -> str:
        return f"http://{self.host}:{self.door_port}"

    def certificate(self, local: Path) -> tuple[Authority, Pair]:
        """Raises: AuthorityError."""
        authority = Authority(local / "authority")
        return authority, authority.vouch((self.address, *own_names()))

    def trusting(self, local: Path) -> ssl.SSLContext:
        """As a phone that has installed the root."""
        return ssl.create_default_context(cafile=str(local / "authority" / "root.pem"))

    def web_settings(self, pair: Pair, origins: str) -> dict[str, str]:
        """What the second web process is told; `origins`: those that the operator has named."""
        own = ",".join(f"https://{host}:{self.port}" for host in (self.host, *own_names()))
        return {
            "HOST": self.address,
            "PORT": str(self.port),
            "ONBEAT_ORIGINS": f"{origins},{own}" if origins else own,
            "ONBEAT_TLS_CERT": str(pair.certificate),
            "ONBEAT_TLS_KEY": str(pair.key),
        }

    def door_command(self, root: Path) -> tuple[str, ...]:
        return (sys.executable, "-m", "scripts.phone", str(root), self.url, self.address, str(self.door_port))


def phone_at(address: str | None, port: int) -> Phone:
    """At `address`, else at this machine's in the network that leads out. Raises: OSError without one."""
    return Phone(address or network_address(), port + SECURE_BEYOND, port + DOOR_BEYOND)


def network_address() -> str:
    """This machine's address in its network. Nothing is sent: the kernel only says which way it would go.

    Raises: OSError.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody's
        except OSError as error:
            raise OSError("this machine is in no network: name its address, --phone ADDRESS") from error
        return str(probe.getsockname()[0])


def own_names() -> tuple[str, ...]:
    """What this machine may be called besides its address: loopback, and its name by multicast DNS."""
    short = socket.gethostname().partition(".")[0].lower()
    plain = short.replace("-", "").isalnum() and short.isascii() and short != "localhost"
    return ("localhost", f"{short}.local") if plain else ("localhost",)


def welcome(phone: Phone, authority: Authority) -> str:
    """What `scripts/up` prints for somebody with a phone in the hand."""
    lines = [
        "",
        "From a phone in the same network:",
        f"1. Once: open {phone.door} and install the root certificate it offers.",
        f"   Its SHA-256: {authority.fingerprint}",
        qr(phone.door),
        f"2. Then open {phone.url}",
        qr(phone.url),
        *WITHOUT,
    ]
    return "\n".join(lines)


def qr(text: str) -> str:
    """As letters of a terminal, two dots a letter."""
    out = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out, compact=True, border=2)
    return out.getvalue().rstrip("\n")


# --- the door
PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>OnBeat</title>
<style>body{{font:1.1rem/1.5 system-ui;margin:0 auto;max-width:34rem;padding:1rem}}
a{{display:inline-block;padding:.6rem 0}}code{{overflow-wrap:anywhere}}</style>
<h1>OnBeat</h1>
<p><a href="{path}"><b>1. 下载根证书 · Download the root certificate</b></a><br>
<small>SHA-256 <code>{fingerprint}</code></small></p>
<p><b>iPhone, iPad</b>: Settings, Profile Downloaded, Install; then General, About, Certificate Trust Settings: on.
<br>设置 → 已下载描述文件 → 安装；再到 通用 → 关于本机 → 证书信任设置，打开开关。</p>
<p><b>Android</b>: Settings, Security, Encryption &amp; credentials, Install a certificate, CA certificate.
<br>设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书。</p>
<p><a href="{url}"><b>2. 打开 · Open {url}</b></a></p>
<p><small>It vouches for private addresses and .local names only. Remove it when you are done.
<br>该证书仅适用于内网地址和 .local 名称，用完请删除。</small></p>
</html>"""


def door_app(root: x509.Certificate, url: str) -> Starlette:
    """Hands out the root. Whoever listens in may change what passes: that is why the terminal shows its fingerprint."""
    text = PAGE.format(
        path=ROOT_PATH, url=html.escape(url), fingerprint=root.fingerprint(hashes.SHA256()).hex(":").upper()
    )

    async def page(_request: Request) -> Response:
        return HTMLResponse(text, headers=HEADERS)

    async def certificate(_request: Request) -> Response:
        named = {"content-disposition": 'attachment; filename="onbeat-root.crt"'}
        body = root.public_bytes(Encoding.DER)
        return Response(body, headers={**HEADERS, **named}, media_type="application/x-x509-ca-cert")

    return Starlette(routes=[Route("/", page), Route(ROOT_PATH, certificate)])


def main() -> int:
    path, url, host, port = sys.argv[1:5]
    root = x509.load_pem_x509_certificate(Path(path).read_bytes())
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(
            door_app(root, url), host=host, port=int(port), log_level="warning", access_log=False, server_header=False
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
