# SPDX-License-Identifier: MIT
"""TLS hellos as tshark reads them, and as we do, in the same form.

JA3 and JA3S are tshark's own. JA4 it has since 4.2; an older one gives the numbers, from which it is put together here
once more, by FoxIO's description, so that ours is held against something that does not share its code.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.decnet_sniff.oracles import oracle_tshark
from tests.decnet_sniff.oracles.oracle_decnet_sniff import findings

from decnet_sniff.sniff.tls.payloads import MAX_ALPN

ADDRESSES = ("ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport")
HELLO_FIELDS = (
    "version", "ciphersuite", "extension.type", "extensions.supported_version", "sig_hash_alg",
    "extensions_alpn_str", "extensions_server_name", "ja3", "ja3_full", "ja3s", "ja3s_full", "ja4",
)  # fmt: skip


class Client(NamedTuple):
    """A ClientHello of one address for a port of another."""

    source: str
    destination: str
    port: int
    transport: str
    ja3: str
    ja3_text: str
    ja4: str
    version: int
    versions: tuple[int, ...]
    sni: str | None
    alpn: tuple[str, ...]


class Server(NamedTuple):
    """A ServerHello to one address from a port of another."""

    source: str
    port: int
    destination: str
    transport: str
    ja3s: str
    ja3s_text: str
    version: int
    cipher: int
    alpn: str | None


def hellos_of_tshark(
    capture: Path, transport: str, decode_as: Sequence[str] = ()
) -> tuple[Counter[Client], Counter[Server]]:
    """All hellos that tshark finds."""
    family = "dtls" if transport == "dtls" else "tls"
    names = [f"{family}.handshake.{name}" for name in HELLO_FIELDS]
    fields = [name for name in names if name in oracle_tshark.known_fields()]
    wanted = f"({family}.handshake.ja3 || {family}.handshake.ja3s)"  # where a hello is whole, not each of its fragments
    wanted += " && quic" if transport == "quic" else " && !quic"
    clients, servers = Counter[Client](), Counter[Server]()
    for row in oracle_tshark.rows(capture, wanted, [*ADDRESSES, *fields], decode_as):
        hello = {name: row.get(f"{family}.handshake.{name}", []) for name in HELLO_FIELDS}
        source, destination = (row["ip.src"] + row["ipv6.src"])[0], (row["ip.dst"] + row["ipv6.dst"])[0]
        if hello["ja3"]:
            port = int((row["tcp.dstport"] + row["udp.dstport"])[0])
            clients[_client((source, destination, port, transport), hello)] += 1
        else:
            port = int((row["tcp.srcport"] + row["udp.srcport"])[0])
            servers[_server((source, port, destination, transport), hello)] += 1
    return clients, servers


def hellos_of_ours(capture: Path, transport: str) -> tuple[Counter[Client], Counter[Server]]:
    """All hellos that `decnet-sniff read` finds."""
    clients, servers = Counter[Client](), Counter[Server]()
    for found in findings(capture, "tls.client", "tls.server"):
        payload: dict[str, Any] = found["payload"]
        if payload["transport"] != transport:
            continue
        count = payload.get("count", 1)
        if payload["kind"] == "tls.client":
            clients[
                Client(
                    found["src_ip"], found["dst_ip"], found["dst_port"], transport,
                    payload["ja3"], payload["ja3_text"], payload["ja4"], payload["version"],
                    tuple(payload.get("versions", ())), payload.get("sni"), tuple(payload.get("alpn", ())),
                )
            ] += count  # fmt: skip
        else:
            servers[
                Server(
                    found["src_ip"], found["src_port"], found["dst_ip"], transport,
                    payload["ja3s"], payload["ja3s_text"], payload["version"], payload["cipher"], payload.get("alpn"),
                )
            ] += count  # fmt: skip
    return clients, servers


def _client(ends: tuple[str, str, int, str], hello: dict[str, list[str]]) -> Client:
    versions = _plain(hello["extensions.supported_version"])
    return Client(
        *ends,
        ja3=hello["ja3"][0],
        ja3_text=hello["ja3_full"][0],
        ja4=hello["ja4"][0] if hello["ja4"] else _ja4(ends[3], hello),
        version=int(hello["version"][0], 0),
        versions=tuple(versions),
        sni=hello["extensions_server_name"][0] if hello["extensions_server_name"] else None,
        alpn=tuple(hello["extensions_alpn_str"][:MAX_ALPN]),
    )


def _server(ends: tuple[str, int, str, str], hello: dict[str, list[str]]) -> Server:
    chosen = [int(value, 0) for value in hello["extensions.supported_version"]]
    return Server(
        *ends,
        ja3s=hello["ja3s"][0],
        ja3s_text=hello["ja3s_full"][0],
        version=chosen[0] if chosen else int(hello["version"][0], 0),
        cipher=int(hello["ciphersuite"][0], 0),
        alpn=hello["extensions_alpn_str"][0] if hello["extensions_alpn_str"] else None,
    )


def _plain(values: list[str]) -> list[int]:
    """Numbers without the sixteen of RFC 8701."""
    grease = {int(f"{digit:x}a{digit:x}a", 16) for digit in range(16)}
    return [number for number in (int(value, 0) for value in values) if number not in grease]


def _ja4(transport: str, hello: dict[str, list[str]]) -> str:
    ciphers, kinds = _plain(hello["ciphersuite"]), _plain(hello["extension.type"])
    versions = _plain(hello["extensions.supported_version"]) or [int(hello["version"][0], 0)]
    shown = {0x304: "13", 0x303: "12", 0x302: "11", 0x301: "10", 0x300: "s3", 0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3"}
    name = hello["extensions_alpn_str"][0] if hello["extensions_alpn_str"] else "00"
    head = {"tcp": "t", "quic": "q", "dtls": "d"}[transport] + shown.get(max(versions), "00")
    head += ("d" if 0 in kinds else "i") + f"{len(ciphers):02d}{len(kinds):02d}{name[0]}{name[-1]}"
    listed = ",".join(sorted(f"{kind:04x}" for kind in kinds if kind not in {0, 16}))
    signatures = ",".join(f"{value:04x}" for value in _plain(hello["sig_hash_alg"]))
    parts = [",".join(sorted(f"{cipher:04x}" for cipher in ciphers)), "_".join(filter(None, [listed, signatures]))]
    if not listed:
        parts[1] = ""
    return "_".join([head, *(hashlib.sha256(part.encode()).hexdigest()[:12] if part else "0" * 12 for part in parts)])
