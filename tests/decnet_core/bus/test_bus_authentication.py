# SPDX-License-Identifier: MIT
"""Our client on a real nats-server that asks who it is: token, password, nkey, TLS, mutual TLS."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nkeys  # type: ignore[import-untyped]  # it ships no types
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from decnet_core.bus.client import Client, connect
from decnet_core.bus.settings import BusSettings, ClientOptions

StartNats = Callable[..., contextlib.AbstractContextManager[str]]

SOON = 120.0
PATIENCE = 120.0
HASTY = ClientOptions(first_retry_seconds=0.01, max_retry_seconds=0.05)


async def works(client: Client) -> None:
    """Send a large message around."""
    assert client.connected, client.last_error
    subscription = await client.subscribe("auth.test")
    client.publish("auth.test", bytes(range(256)) * 2048)
    assert (await subscription.next(SOON)).payload == bytes(range(256)) * 2048
    await client.close()


async def refused(url: str, reason: str, options: ClientOptions = HASTY) -> None:
    client = await connect(url, name="x", options=options)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while reason not in client.last_error and not client.connected:
                await asyncio.sleep(0.01)
    assert not client.connected
    assert reason in client.last_error
    await client.close()


async def test_token(start_nats: StartNats) -> None:
    with start_nats("--auth", "s3cret") as place:
        await works(await connect(f"nats://s3cret@{place}", name="x", wait=SOON))
        await refused(f"nats://wrong@{place}", "Authorization Violation")
        await refused(f"nats://{place}", "Authorization Violation")


async def test_user_and_password(start_nats: StartNats) -> None:
    with start_nats("--user", "me", "--pass", "p@ss:word") as place:
        await works(await connect(f"nats://me:p%40ss%3Aword@{place}", name="x", wait=SOON))
        await refused(f"nats://me:wrong@{place}", "Authorization Violation")


async def test_nkey(start_nats: StartNats, tmp_path: Path) -> None:
    seeds = [nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER) for _ in range(2)]
    public = nkeys.from_seed(bytearray(seeds[0])).public_key.decode()
    (tmp_path / "nats.conf").write_text(f"authorization {{ users = [ {{ nkey: {public} }} ] }}\n")
    for index, seed in enumerate(seeds):
        (tmp_path / f"seed{index}").write_bytes(seed + b"\n")
    (tmp_path / "seed2").write_bytes(b"not a seed")

    def options(name: str) -> ClientOptions:
        return BusSettings(nkey_seed_file=str(tmp_path / name)).client_options

    with start_nats("-c", str(tmp_path / "nats.conf")) as place:
        await works(await connect(f"nats://{place}", name="x", wait=SOON, options=options("seed0")))
        await refused(f"nats://{place}", "Authorization Violation", options("seed1"))
        await refused(f"nats://{place}", "no nkey seed", options("seed2"))
        await refused(f"nats://{place}", "cannot be read", options("missing"))


class Certificates(NamedTuple):
    """PEM files of one authority, one server and one client."""

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def key_usage(*, authority: bool) -> x509.KeyUsage:
    """What RFC 5280 4.2.1.3 asks of a certificate; Python 3.13 insists on it."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    place = tmp_path_factory.mktemp("tls")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])

    def issue(name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool = False) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(authority_name if authority else subject)
            .issuer_name(authority_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(key_usage(authority=authority), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        return builder.sign(authority_key, hashes.SHA256())

    def write(name: str, *, authority: bool = False) -> tuple[Path, Path]:
        key = authority_key if authority else ec.generate_private_key(ec.SECP256R1())
        pem, key_pem = place / f"{name}.pem", place / f"{name}.key"
        pem.write_bytes(issue(name, key, authority=authority).public_bytes(serialization.Encoding.PEM))
        key_pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return pem, key_pem

    return Certificates(write("authority", authority=True)[0], *write("server"), *write("client"))


async def test_tls(start_nats: StartNats, certificates: Certificates) -> None:
    trusting = ClientOptions(tls_ca_file=str(certificates.authority))
    with start_nats("--tls", "--tlscert", str(certificates.server), "--tlskey", str(certificates.server_key)) as place:
        await works(await connect(f"tls://{place}", name="x", wait=SOON, options=trusting))
        await works(await connect(f"nats://{place}", name="x", wait=SOON, options=trusting))
        await refused(f"tls://{place}", "certificate verify failed")
        _, _, port = place.partition(":")
        await refused(f"tls://localhost:{port}", "certificate verify failed", trusting)
        await refused(f"tls://{place}", "cannot be used", ClientOptions(tls_ca_file="/no/such/file"))


async def test_mutual_tls(start_nats: StartNats, certificates: Certificates) -> None:
    arguments = ("--tlscert", str(certificates.server), "--tlskey", str(certificates.server_key))
    anonymous = ClientOptions(tls_ca_file=str(certificates.authority))
    known = ClientOptions(
        tls_ca_file=str(certificates.authority),
        tls_certificate_file=str(certificates.client),
        tls_key_file=str(certificates.client_key),
    )
    with start_nats("--tlsverify", "--tlscacert", str(certificates.authority), *arguments) as place:
        await works(await connect(f"tls://{place}", name="x", wait=SOON, options=known))
        client = await connect(f"tls://{place}", name="x", wait=0.3, options=anonymous)
        assert not client.connected
        await client.close()


async def test_tls_is_not_given_up_silently(nats_url: str) -> None:
    await refused(nats_url.replace("nats://", "tls://"), "offers no TLS")
