# SPDX-License-Identifier: MIT
"""The decky's self-signed certificate: made when it first starts, then kept, as on a machine that was installed."""

import datetime as dt
import ssl
from pathlib import Path
from typing import Any

from decnet_core.durable import replace_file
from decnet_decoys.tls.server_profile import ServerProfile

DAYS = 3650
_FILE = "tls.pem"


def is_made(directory: Path) -> bool:
    """Return whether the decky has a certificate."""
    return (directory / _FILE).exists()


def make_certificate(directory: Path, name: str) -> None:
    """Make the decky's certificate, unless it has one; raises OSError."""
    if not is_made(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(directory / _FILE, _made(name), 0o600)


def server_context(directory: Path, name: str, profile: ServerProfile | None = None) -> ssl.SSLContext:
    """Return what a server with the decky's certificate needs, making that if there is none; raises OSError."""
    make_certificate(directory, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / _FILE)
    if profile is not None:
        profile.apply(context)
    return context


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _made(name: str) -> bytes:
    """Return key and certificate, as Debian's make-ssl-cert makes them: RSA of 2048 bits, ten years, no authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    key = _new_key()
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def public_key(directory: Path) -> bytes:
    """Return the public key of the certificate as PEM; raises OSError."""
    from cryptography.hazmat.primitives import serialization

    key: Any = serialization.load_pem_private_key((directory / _FILE).read_bytes(), None)
    made: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made


def decrypted(directory: Path, data: bytes) -> bytes | None:
    """Return what a client encrypted with the public key (RSAES-OAEP with SHA-1); None for what it did not."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key: Any = serialization.load_pem_private_key((directory / _FILE).read_bytes(), None)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303  # MySQL's
    try:
        made: bytes = key.decrypt(data, oaep)
    except ValueError:
        return None
    return made
