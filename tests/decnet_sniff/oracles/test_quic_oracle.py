# SPDX-License-Identifier: MIT
"""The hellos of real QUIC clients and servers, versions 1 and 2, are what tshark says of the same packets.

One client's hello spans packets, one server sends a Retry; Chromium, where it is installed, shuffles its frames.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles import oracle_tshark
from tests.decnet_sniff.oracles.oracle_certificates import Certificate
from tests.decnet_sniff.oracles.oracle_programs import environment
from tests.decnet_sniff.oracles.oracle_tls_hellos import hellos_of_ours, hellos_of_tshark
from tests.decnet_sniff.sniff.sniff_network_namespaces import MISSING, SERVER, SERVER6, wire

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(bool(MISSING) or oracle_tshark.missing() is not None, reason=MISSING or "needs tshark"),
]

AIOQUIC = "aioquic==1.3.0"
PLAIN, RETRYING = 443, 4431
"""Ports: one that answers, one that sends a Retry first."""

_SERVER = """
import asyncio, sys
from aioquic.asyncio import serve
from aioquic.quic.configuration import QuicConfiguration
async def main():
    certificate, key, host, port, retry = sys.argv[1:]
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3", "hq", "many-0"])
    configuration.load_cert_chain(certificate, key)
    await serve(host, int(port), configuration=configuration, retry=retry == "retry")
    await asyncio.Event().wait()
asyncio.run(main())
"""
_CLIENT = """
import asyncio, json, ssl, sys
from aioquic.asyncio import connect
from aioquic.quic.configuration import QuicConfiguration
from aioquic.tls import CipherSuite
async def main():
    wish = json.loads(sys.argv[3])
    configuration = QuicConfiguration(alpn_protocols=wish.get("alpn"), server_name=wish.get("name"))
    configuration.verify_mode = ssl.CERT_NONE
    if "versions" in wish:
        configuration.original_version = wish["versions"][0]
        configuration.supported_versions = wish["versions"]
    if "ciphers" in wish:
        configuration.cipher_suites = [CipherSuite(cipher) for cipher in wish["ciphers"]]
    async with connect(sys.argv[1], int(sys.argv[2]), configuration=configuration) as connection:
        await connection.ping()
try:
    asyncio.run(asyncio.wait_for(main(), 15))
except (ConnectionError, asyncio.TimeoutError) as error:
    print(error)
"""
V1, V2 = 0x00000001, 0x6B3343CF
MANY = ",".join(f'"many-{number}"' for number in range(200))
WISHES = (
    (SERVER, PLAIN, '{"alpn": ["h3"]}'),
    (SERVER, PLAIN, '{"alpn": ["hq", "h3"], "name": "q.example"}'),
    (SERVER, PLAIN, f'{{"alpn": ["h3"], "versions": [{V1}]}}'),
    (SERVER, PLAIN, f'{{"alpn": ["h3"], "versions": [{V2}], "name": "two.example"}}'),
    (SERVER, PLAIN, f'{{"alpn": ["h3"], "versions": [{V1}, {V2}], "name": "either.example"}}'),
    (SERVER, PLAIN, '{"alpn": ["h3"], "ciphers": [4867, 4865]}'),
    (SERVER, PLAIN, f'{{"alpn": [{MANY}], "name": "long.example"}}'),
    (SERVER, RETRYING, '{"alpn": ["h3"], "name": "again.example"}'),
    (SERVER6, PLAIN, '{"alpn": ["h3"]}'),
)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Path:
    """A capture of all clients."""
    path = tmp_path_factory.mktemp("quic") / "quic.pcap"
    python = str(environment(AIOQUIC) / "bin" / "python")
    with wire() as laid, ExitStack() as servers:
        files = (str(certificate.certificate), str(certificate.key))
        for port, retry in ((PLAIN, "no"), (RETRYING, "retry")):
            servers.enter_context(laid.serve(port, python, "-c", _SERVER, *files, "::", str(port), retry))
        with laid.capture(path):
            for host, port, wish in WISHES:
                laid.run(laid.client, python, "-c", _CLIENT, host, str(port), wish)
            if browser := shutil.which("chromium"):
                laid.run(
                    laid.client, "timeout", "-k", "5", "20", browser, "--headless=new", "--no-sandbox",
                    "--disable-gpu", "--no-first-run", "--ignore-certificate-errors", "--enable-quic",
                    "--origin-to-force-quic-on=browser.example:443", f"--user-data-dir={path.with_name('profile')}",
                    f"--host-resolver-rules=MAP *.example {SERVER}", "--dump-dom", "https://browser.example/",
                )  # fmt: skip
    return path


def test_every_hello_is_what_tshark_says(capture: Path) -> None:
    their_clients, their_servers = hellos_of_tshark(capture, "quic")
    our_clients, our_servers = hellos_of_ours(capture, "quic")
    assert our_clients == their_clients
    assert our_servers == their_servers
    assert our_clients.total() >= len(WISHES), "a hello of each client"
    assert our_servers.total() >= len(WISHES), "an answer to each"
    assert {client.sni for client in our_clients} >= {"two.example", "either.example", "long.example", "again.example"}
    assert any(":" in client.source for client in our_clients), "IPv6 too"
