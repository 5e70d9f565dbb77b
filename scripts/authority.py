"""A certificate authority of this machine's own, so that a phone on the same network may come in by HTTPS.

The root is made once and kept in a folder that only its owner reads; the phone installs it. It can vouch for private
addresses and `.local` names only (RFC 5280, name constraints, critical): should its key get lost, nobody can pose as a
bank with it. Certificates last 397 days: iPhones take none that lasts longer than 825.
"""

import datetime as dt
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_DAYS: Final = 730
LEAF_DAYS: Final = 397
RENEW_DAYS: Final = 30
PRIVATE: Final = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
    "fc00::/7", "fe80::/10", "::1/128",
)  # fmt: skip
NAMES: Final = ("localhost", "local")


class AuthorityError(ValueError):
    """This authority may not vouch for what was asked."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as files in PEM."""

    certificate: Path
    key: Path


class Authority:
    """The root that is kept in `folder`; made where there is none, or where it ends soon."""

    def __init__(self, folder: Path, now: dt.datetime | None = None) -> None:
        self.folder, self._now = folder, now or dt.datetime.now(dt.UTC)
        self.pair = Pair(folder / "root.pem", folder / "root.key")
        if not _lasts(self.pair, self._now):
            self._make_root()
        self.root = x509.load_pem_x509_certificate(self.pair.certificate.read_bytes())
        key = load_pem_private_key(self.pair.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    @property
    def der(self) -> bytes:
        """The root as phones install it."""
        return self.root.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """SHA-256, in pairs of hex digits: what a phone shows before it trusts."""
        return self.root.fingerprint(hashes.SHA256()).hex(":").upper()

    def vouch(self, names: Sequence[str]) -> Pair:
        """A certificate for these addresses and names; the one that is kept while it is of the same and lasts.

        Raises: AuthorityError for one that is not private.
        """
        pair = Pair(self.folder / "web.pem", self.folder / "web.key")
        wanted = [_named(name) for name in names]
        if _lasts(pair, self._now):
            held = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
            told = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            if list(told) == wanted and held.issuer == self.root.subject and _signed_by(held, self.root):
                return pair
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        made = (
            self._begun(names[0], key, LEAF_DAYS)
            .issuer_name(self.root.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
            .add_extension(purpose, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        _write(pair, made, key)
        return pair

    def _begun(self, name: str, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - dt.timedelta(hours=1))
            .not_valid_after(self._now + dt.timedelta(days=days))
        )

    def _make_root(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        allowed: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_network(net)) for net in PRIVATE]
        allowed += [x509.DNSName(name) for name in NAMES]
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        name = f"OnBeat on this network, {self._now:%Y-%m-%d}"
        made = (
            self._begun(name, key, ROOT_DAYS)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(self.pair, made, key)


def _named(name: str) -> x509.GeneralName:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if name == "localhost" or name.endswith(".local"):
            return x509.DNSName(name)
        raise AuthorityError(f"{name} is neither an address nor a .local name") from None
    if not any(address in ipaddress.ip_network(net) for net in PRIVATE):
        raise AuthorityError(
            f"{name} is no address of a private network: over the open internet use a real certificate"
        )
    return x509.IPAddress(address)


def _lasts(pair: Pair, now: dt.datetime) -> bool:
    """Are both files there, and does the certificate last a while yet?"""
    try:
        held = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        return pair.key.is_file() and held.not_valid_after_utc - now > dt.timedelta(days=RENEW_DAYS)
    except (OSError, ValueError):
        return False


def _signed_by(held: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        held.verify_directly_issued_by(root)
    except Exception:  # the library names several; each means that another root made it
        return False
    return True


def _write(pair: Pair, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """The key first and for its owner only; then the certificate, which says that both are there."""
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for path, body in ((pair.key, secret), (pair.certificate, made.public_bytes(Encoding.PEM))):
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        draft.replace(path)
