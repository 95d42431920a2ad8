# SPDX-License-Identifier: MIT
"""Makes certificates: the fleet's root, the key that signs sensors, the listener's identity, a sensor's.

Which account holds which key: the master's listener faces the network and must sign sensors at any time, so it can
reach a signing key. That key is not the root's. The root's key is the operator's alone and signs two things: the
listener's certificate, and an issuing certificate whose extended key usage is `clientAuth`. TLS libraries require the
usage in every certificate of a chain, so an attacker who compromises the listener can issue sensors' certificates but
not a listener's, and cannot impersonate the master. Nor are such sensors accepted: members are those of the registry
(`sensor_registry`). After a compromise the operator runs `decnet swarm renew --new-keys`; sensors need no change.

The issuing key is read only by a child that lives for one signature (`issue`): the listener never has it in memory, nor
this library. (A child of another account would be separate even from a listener that was taken over; it would need a
privilege to become that account, which is worth more to an attacker than this key.)

P-256 with SHA-256, because all of OpenSSL, GnuTLS and what else carries syslog over TLS have it. A certificate is valid
from a day before it was made: a sensor without a battery for its clock may be late.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from decnet_swarm.errors import SwarmError
from decnet_swarm.pki.names import Role

ROOT_DAYS = 7300
ISSUING_DAYS = 3650
LISTENER_DAYS = 730
EARLIER = dt.timedelta(days=1)

Key = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey

_USAGE = {Role.FORWARDER: ExtendedKeyUsageOID.CLIENT_AUTH, Role.LISTENER: ExtendedKeyUsageOID.SERVER_AUTH}


class BadRequestError(SwarmError, ValueError):
    """A certificate request that we do not sign."""


class Signer:
    """A certificate that may sign others, with its key."""

    def __init__(self, certificate: x509.Certificate, key: Key) -> None:
        self.certificate = certificate
        self.key = key

    @classmethod
    def from_pem(cls, pem: bytes) -> Signer:
        """Return the signer in the PEM of `to_pem`; raises ValueError."""
        return cls(x509.load_pem_x509_certificate(pem), read_key(pem))

    def to_pem(self) -> bytes:
        return key_pem(self.key) + certificate_pem(self.certificate)


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def root(now: dt.datetime) -> Signer:
    """Return a new fleet's authority."""
    key = new_key()
    name = _subject(f"DECNET fleet {now:%Y-%m-%d}")
    builder = _dated(_builder(name, name, key.public_key()), now, ROOT_DAYS, None)
    builder = _may_sign(builder, path_length=1)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Signer(builder.sign(key, hashes.SHA256()), key)


def issuing(above: Signer, now: dt.datetime) -> Signer:
    """Return what signs sensors and nothing else."""
    key = new_key()
    builder = _below(above, _subject(f"DECNET sensors {now:%Y-%m-%d}"), key.public_key(), now, ISSUING_DAYS)
    builder = _may_sign(builder, path_length=0).add_extension(
        x509.ExtendedKeyUsage([_USAGE[Role.FORWARDER]]), critical=True
    )
    return Signer(builder.sign(above.key, hashes.SHA256()), key)


def member(
    above: Signer,
    role: Role,
    name: str,
    key: PublicKey,
    *,
    now: dt.datetime,
    days: float,
    hosts: Iterable[str] = (),
) -> x509.Certificate:
    """Return the certificate of `name` for `days` from `now`; `hosts` are names by which other programs check it."""
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(role.uri), *map(x509.DNSName, hosts)]
    builder = (
        _below(above, _subject(name), key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_USAGE[role]]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    return builder.sign(above.key, hashes.SHA256())


def request(key: Key, name: str) -> str:
    """Return a request to sign `key`, as PEM; the name in it is only for a person who reads it."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(name))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def requested_key(pem: str) -> PublicKey:
    """Return the key that a request asks a certificate for; its holder has signed it. Raises BadRequestError.

    Nothing else of a request counts: name, role and duration are the authority's to say.
    """
    try:
        csr = x509.load_pem_x509_csr(pem.encode())
        key = csr.public_key()
        valid = csr.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise BadRequestError(f"not a certificate request: {error}") from error
    if not valid:
        raise BadRequestError("the certificate request is not signed with its own key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadRequestError("the key must be an elliptic curve key on P-256 (prime256v1)")
    return key


def key_pem(key: Key) -> bytes:
    """Return a private key as PEM (PKCS #8)."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(pem: bytes) -> Key:
    """Return the private key in `pem`; raises ValueError."""
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic curve key")  # noqa: TRY004  # of a file, not of an argument
    return key


def certificate_pem(*chain: x509.Certificate) -> bytes:
    """Return certificates as PEM, one after the other."""
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def public_der(key: PublicKey) -> bytes:
    """Return a public key as SubjectPublicKeyInfo in DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
    )


def _below(above: Signer, subject: x509.Name, key: PublicKey, now: dt.datetime, days: float) -> x509.CertificateBuilder:
    above_id = above.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = _builder(subject, above.certificate.subject, key)
    builder = _dated(builder, now, days, above.certificate.not_valid_after_utc)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above_id), critical=False
    )


def _dated(
    builder: x509.CertificateBuilder, now: dt.datetime, days: float, limit: dt.datetime | None
) -> x509.CertificateBuilder:
    end = now + dt.timedelta(days=days)
    return builder.not_valid_before(now - EARLIER).not_valid_after(min(end, limit) if limit else end)


def _may_sign(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(_key_usage(signature=False), critical=True)


def _key_usage(*, signature: bool) -> x509.KeyUsage:
    """A member signs handshakes; all others sign certificates."""
    return x509.KeyUsage(
        digital_signature=signature, key_cert_sign=not signature, crl_sign=not signature, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
