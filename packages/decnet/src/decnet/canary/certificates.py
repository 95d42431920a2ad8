# SPDX-License-Identifier: MIT
"""The authority for client certificates of kubeconfig tokens: each names its token."""

import datetime as dt
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from decnet.cli.errors import CommandError

_AUTHORITY_YEARS, _CLIENT_YEARS = 20, 10
_GROUP = "system:masters"
"""The organisation in a certificate of a cluster's administrator."""


class AuthorityError(CommandError):
    """The authority cannot be made or used; the message says why."""


def make_authority(certificate: Path) -> None:
    """Write a new authority's certificate, and its key beside it (.key, mode 0600); raises AuthorityError."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("kubernetes", None)
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    made = _builder(name, name, key.public_key(), _AUTHORITY_YEARS).add_extension(constraints, critical=True)
    try:
        _write(certificate.with_suffix(".key"), _pem(key), 0o600)
        _write(certificate, made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM), 0o644)
    except FileExistsError as error:
        raise AuthorityError(f"{error.filename} is there already: tokens depend on it") from error


def client_certificate(authority: Path, slug: str) -> tuple[bytes, bytes]:
    """Return certificate and key, as PEM, of a client whose name is its token's slug; raises AuthorityError."""
    try:
        issuer = x509.load_pem_x509_certificate(authority.read_bytes())
        issuer_key = load_pem_private_key(authority.with_suffix(".key").read_bytes(), None)
    except (OSError, ValueError) as error:
        raise AuthorityError(
            f"client_authority {authority}, or its key beside it, cannot be used: {error}; make one with "
            f"`decnet canary authority {authority}`"
        ) from error
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(f"the key of {authority} is no elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    made = _builder(_name(slug, _GROUP), issuer.subject, key.public_key(), _CLIENT_YEARS)
    return made.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM), _pem(key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, years: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
    return builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=365 * years))


def _name(common: str, organisation: str | None) -> x509.Name:
    organisations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name([*organisations, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
