# SPDX-License-Identifier: MIT
"""The hellos of real DTLS clients and servers are what tshark says: with a cookie, in fragments, of two versions."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles import oracle_tshark
from tests.decnet_sniff.oracles.oracle_certificates import Certificate
from tests.decnet_sniff.oracles.oracle_tls_hellos import hellos_of_ours, hellos_of_tshark
from tests.decnet_sniff.sniff.sniff_network_namespaces import MISSING, SERVER, wire

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(bool(MISSING) or oracle_tshark.missing() is not None, reason=MISSING or "needs tshark"),
]

PORT, OLD, LISTENING = 4433, 4434, 4435
"""DTLS 1.2; 1.0; one that asks for a cookie (HelloVerifyRequest) first."""

WEAK = ("-cipher", "ALL:@SECLEVEL=0")
CLIENTS: tuple[tuple[str, ...], ...] = (
    (str(PORT), "-dtls"),
    (str(PORT), "-dtls1_2", "-servername", "d.example"),
    (str(PORT), "-dtls1_2", "-alpn", "coap,h2"),
    (str(PORT), "-dtls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", "-use_srtp", "SRTP_AES128_CM_SHA1_80"),
    (str(LISTENING), "-dtls1_2"),
    (str(OLD), "-dtls1", *WEAK),
)
GNUTLS = ((), ("--mtu", "150"))
"""A small MTU cuts the hello into fragments."""


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Path:
    """A capture of all clients, each with a server that likes it."""
    path = tmp_path_factory.mktemp("dtls") / "dtls.pcap"
    # The server says what it reads from its input, and ends with that: a pipe that it holds open itself never ends.
    pipe = path.with_name("silence")
    os.mkfifo(pipe)
    serve: tuple[str, ...] = (
        "sh",
        "-c",
        'silence=$1; shift; exec "$@" 0<>"$silence"',
        "sh",
        str(pipe),
        "openssl",
        "s_server",
    )
    serve += ("-cert", str(certificate.certificate), "-key", str(certificate.key), "-quiet")
    with wire() as laid, ExitStack() as servers:
        for port, options in {PORT: ("-dtls",), OLD: ("-dtls1", *WEAK), LISTENING: ("-dtls", "-listen")}.items():
            servers.enter_context(laid.serve(port, *serve, "-accept", str(port), *options))
        with laid.capture(path):
            for where, *how in CLIENTS:
                laid.run(laid.client, "timeout", "10", "openssl", "s_client", "-connect", f"{SERVER}:{where}", *how)
            for options in GNUTLS if shutil.which("gnutls-cli") else ():
                laid.run(
                    laid.client, "timeout", "10", "gnutls-cli", "--udp", "--insecure", "-p", str(PORT), *options,
                    "--sni-hostname", "g.example", SERVER,
                )  # fmt: skip
    return path


def test_every_hello_is_what_tshark_says(capture: Path) -> None:
    decode = [f"udp.port=={port},dtls" for port in (PORT, OLD, LISTENING)]
    their_clients, their_servers = hellos_of_tshark(capture, "dtls", decode)
    our_clients, our_servers = hellos_of_ours(capture, "dtls")
    assert our_clients == their_clients
    assert our_servers == their_servers
    assert {client.ja4[:3] for client in our_clients} == {"dd1", "dd2"}
    assert len({client.ja4 for client in our_clients}) >= 5, "several kinds of clients"
    assert len(our_servers) >= 3, "several kinds of servers"
