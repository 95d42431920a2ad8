# SPDX-License-Identifier: MIT
"""JA3, JA3S, JA4 and what else is told of the hellos of real TLS clients and servers are what tshark says."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles import oracle_tshark
from tests.decnet_sniff.oracles.oracle_certificates import Certificate
from tests.decnet_sniff.oracles.oracle_decnet_sniff import findings
from tests.decnet_sniff.oracles.oracle_tls_hellos import hellos_of_ours, hellos_of_tshark
from tests.decnet_sniff.sniff.sniff_network_namespaces import MISSING, SERVER, SERVER6, Wire, wire

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(bool(MISSING) or oracle_tshark.missing() is not None, reason=MISSING or "needs tshark"),
]

MODERN, RETRYING, OLD, IPV6 = 443, 4430, 8443, 4436
"""Ports: TLS 1.2 and 1.3; only groups of which clients send no share, so that it asks again; TLS 1.0 to 1.2; IPv6."""

WEAK = ("-cipher", "ALL:@SECLEVEL=0")
OPENSSL: tuple[tuple[str, ...], ...] = (
    (),
    ("-tls1_2",),
    ("-tls1_3",),
    ("-no_tls1_3", "-no_ticket"),
    ("-tls1_1", *WEAK),
    ("-tls1", *WEAK),
    ("-servername", "a.example"),
    ("-noservername",),
    ("-alpn", "h2,http/1.1", "-servername", "b.example"),
    ("-alpn", "x"),
    ("-alpn", "acme-tls/1", "-status"),
    ("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-tls1_3"),
    ("-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", "-tls1_2"),
    ("-groups", "P-256:X25519"),
    ("-sigalgs", "ECDSA+SHA256:RSA-PSS+SHA256"),
    ("-ct", "-servername", "c.example"),
    ("-nextprotoneg", "h2,http/1.1", "-tls1_2"),
    ("-psk", "00112233", "-psk_identity", "me"),
    ("-maxfraglen", "1024"),
    ("-max_send_frag", "512", "-alpn", ",".join(f"protocol-{number}" for number in range(60))),
    ("-use_srtp", "SRTP_AES128_CM_SHA1_80", "-tls1_2"),
    ("-no_etm", "-no_ems", "-legacy_renegotiation", "-tls1_2"),
    ("-comp", "-tls1_2"),
)
CURL: tuple[tuple[str, ...], ...] = (
    (),
    ("--http1.1",),
    ("--http2", "--tlsv1.2", "--tls-max", "1.2"),
    ("--no-alpn",),
    ("--tlsv1.3", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256"),
    ("--curves", "P-384"),
    ("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"),
    ("--resolve", f"d.example:443:{SERVER}", "https://d.example/"),
    (f"https://[{SERVER6}]:{IPV6}/",),
)
PYTHON = """
import socket, ssl, sys
context = ssl._create_unverified_context()
context.minimum_version = getattr(ssl.TLSVersion, sys.argv[3])
context.set_alpn_protocols(sys.argv[4:])
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as raw:
    context.wrap_socket(raw, server_hostname="python.example").close()
"""
GNUTLS = (
    "NORMAL",
    "NORMAL:-VERS-TLS1.3",
    "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:%COMPAT",
    "SECURE256",
    "NORMAL:%NO_EXTENSIONS",
)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Path:
    """A capture of all clients, each with a server that likes it."""
    path = tmp_path_factory.mktemp("tls") / "tls.pcap"
    with wire() as laid, ExitStack() as servers:
        for end in (laid.client, laid.server):  # one packet a segment, as on a cable
            laid.run(end, "ip", "link", "set", "v0", "gso_max_segs", "1")
        start = ("openssl", "s_server", "-cert", str(certificate.certificate), "-key", str(certificate.key), "-www")
        for port, options in {
            MODERN: ("-alpn", "http/1.1,x,acme-tls/1"),
            RETRYING: ("-groups", "P-521:P-384"),
            OLD: ("-no_tls1_3", *WEAK),
            IPV6: ("-6",),
        }.items():
            servers.enter_context(laid.serve(port, *start, "-accept", str(port), *options))
        with laid.capture(path):
            meet(laid)
            if browser := shutil.which("chromium"):
                browse(laid, browser, path.with_name("profile"))
    return path


def meet(laid: Wire) -> None:
    """Let every client come."""
    for options in OPENSSL:
        port = OLD if WEAK[1] in options else MODERN
        laid.run(laid.client, "openssl", "s_client", "-connect", f"{SERVER}:{port}", *options)
    laid.run(laid.client, "openssl", "s_client", "-connect", f"[{SERVER6}]:{IPV6}")
    for options in ((), ("-groups", "X25519:P-521"), ("-groups", "P-256:P-384", "-servername", "again.example")):
        laid.run(laid.client, "openssl", "s_client", "-connect", f"{SERVER}:{RETRYING}", *options)
    for options in CURL:
        url = () if options and options[-1].startswith("https") else (f"https://{SERVER}/",)
        laid.run(laid.client, "curl", "-sk", "--max-time", "20", *options, *url)
    for version, *names in (("TLSv1_2",), ("TLSv1_3", "h2"), ("TLSv1_2", "http/1.1", "h2")):
        laid.run(laid.client, sys.executable, "-c", PYTHON, SERVER, str(MODERN), version, *names)
    for priority in GNUTLS if shutil.which("gnutls-cli") else ():
        laid.run(
            laid.client,
            "gnutls-cli",
            "--insecure",
            "--priority",
            priority,
            "-p",
            str(OLD),
            "--sni-hostname",
            "g.example",
            SERVER,
        )


def browse(laid: Wire, browser: str, profile: Path) -> None:
    """One page with a browser: GREASE, an order of extensions that changes, a post-quantum share."""
    laid.run(
        laid.client, "timeout", "-k", "5", "30", browser, "--headless=new", "--no-sandbox", "--disable-gpu",
        "--disable-quic", "--no-first-run", "--ignore-certificate-errors", f"--user-data-dir={profile}",
        f"--host-resolver-rules=MAP *.example {SERVER}", "--dump-dom", "https://browser.example/",
    )  # fmt: skip


def test_every_client_and_every_server_is_what_tshark_says(capture: Path) -> None:
    decode = [f"tcp.port=={port},tls" for port in (MODERN, RETRYING, OLD, IPV6)]
    their_clients, their_servers = hellos_of_tshark(capture, "tcp", decode)
    our_clients, our_servers = hellos_of_ours(capture, "tcp")
    assert our_clients == their_clients
    assert our_servers == their_servers
    assert len({client.ja3 for client in our_clients}) > 25, "many kinds of clients"
    assert len({client.ja4 for client in our_clients}) > 25
    assert {client.ja4[:3] for client in our_clients} >= {"t10", "t11", "t12", "t13"}
    assert any(":" in client.source for client in our_clients), "IPv6 too"


def test_hello_retry_requests_are_distinguished_from_the_hellos_that_follow(capture: Path) -> None:
    told = [one["payload"] for one in findings(capture, "tls.server") if one["src_port"] == RETRYING]
    counts = Counter[bool]()
    for payload in told:
        counts[payload.get("retry", False)] += payload.get("count", 1)
    assert counts == {True: 3, False: 3}
