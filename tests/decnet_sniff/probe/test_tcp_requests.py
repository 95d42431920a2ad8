# SPDX-License-Identifier: MIT
"""Asking real servers and ones that misbehave: each answer is told, nothing costs more than its deadline."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import shutil
import ssl
import subprocess
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_sniff.probe import probe_servers
from tests.decnet_sniff.probe.probe_servers import HERE, serving
from tests.ports import free_port

from decnet_core.events.catalogue import CertificateProbed, SshProbed, StackProbed, TlsProbed
from decnet_sniff.probe import jarm, stack_child
from decnet_sniff.probe.probe_run import Host, ProbeResult, run_probe
from decnet_sniff.probe.settings import ProbeSettings
from decnet_sniff.probe.stack_socket import ask_stack, only_from
from decnet_sniff.probe.tcp_requests import NoAnswer, ask_certificate, ask_ssh, exchange

PATIENT = 60.0
"""Seconds for answers that do come."""
SHORT = 0.5
"""Seconds for those that do not."""
IDENTIFICATION = "SSH-2.0-OpenSSH_9.6"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets need root here")
openssl_of_the_time = pytest.mark.skipif(
    ssl.OPENSSL_VERSION_INFO[:2] not in {(1, 1), (3, 0)}, reason="published of servers with OpenSSL 1.1.1; 3.0 agrees"
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> probe_servers.Pair:
    return probe_servers.certificate(tmp_path_factory.mktemp("certificate"))


async def asked(
    port: int, *, seconds: float = PATIENT, budget: int = 100, host: str = HERE, **more: object
) -> list[ProbeResult]:
    left = [budget]

    async def spend(number: int) -> bool:
        left[0] -= 1
        return left[0] >= number - 1

    settings = ProbeSettings(tls_ports=(port,), ssh_ports=(port,), stack=False, answer_seconds=min(seconds, 60))
    settings = msgspec.structs.replace(settings, **more)
    return [found async for found in run_probe(Host(host, contact=7), settings, spend)]


def by_name(found: list[ProbeResult]) -> dict[str, ProbeResult]:
    return {one.what: one for one in found}


@openssl_of_the_time
async def test_python_server_has_the_published_jarm(pair: probe_servers.Pair) -> None:
    """Published for `python 3 w/aiohttp 3` (github.com/cedowens/C2-JARM): a context with nothing set, an RSA key."""
    async with serving(probe_servers.hang_up, context=probe_servers.context_of(pair)) as port:
        found = by_name(await asked(port))
    assert found["jarm"].payload == TlsProbed(7, "2ad2ad0002ad2ad00042d42d000000ad9bf51cc3f5a1e29eecb81d0c7b06eb")


@openssl_of_the_time
async def test_openssl_server_has_the_published_jarm(pair: probe_servers.Pair, tmp_path: Path) -> None:
    """Published by JARM's authors for Metasploit, whose listener is Ruby's OpenSSL with nothing set and an RSA key."""
    async with probe_servers.s_server(pair, tmp_path / "log") as port:
        found = by_name(await asked(port))
    assert found["jarm"].value == "07d14d16d21d21d00042d43d000000aa99ce74e2c6d013c745aa52b5cc042d"


async def test_settings_of_a_server_show_in_its_jarm(pair: probe_servers.Pair, tmp_path: Path) -> None:
    jarms = []
    for version in ("-tls1_2", "-tls1_3"):
        async with probe_servers.s_server(pair, tmp_path / f"log{version}", version) as port:
            jarms.append(by_name(await asked(port))["jarm"].value)
    first, second = jarms
    assert first != second
    assert second[:18] == "000" * 6  # none of the hellos that offer no TLS 1.3 is answered


async def test_certificate_is_the_one_that_is_shown(pair: probe_servers.Pair) -> None:
    async with serving(probe_servers.hang_up, context=probe_servers.context_of(pair)) as port:
        found = by_name(await asked(port))["certificate"].payload
    der = ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())
    assert isinstance(found, CertificateProbed)
    assert (found.sha256, found.subject, found.problem) == (hashlib.sha256(der).hexdigest(), "CN=a.example", None)


async def test_weak_certificate_is_looked_at_too(tmp_path: Path) -> None:
    pair = probe_servers.certificate(tmp_path, "-sha1", key=("rsa:1024",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(pair.certificate, pair.key)
    async with serving(probe_servers.hang_up, context=context) as port:
        assert await ask_certificate(HERE, port, None, PATIENT) is not None


async def test_ipv6_server_is_asked(pair: probe_servers.Pair) -> None:
    async with serving(probe_servers.hang_up, host="::1", context=probe_servers.context_of(pair)) as port:
        assert set(by_name(await asked(port, host="::1"))) == {"jarm", "certificate"}


async def test_asyncssh_server_is_known_by_what_it_offers() -> None:
    asyncssh = pytest.importorskip("asyncssh")
    key = asyncssh.generate_private_key("ssh-ed25519")
    offered = {"kex_algs": ["curve25519-sha256"], "encryption_algs": ["aes256-ctr"], "mac_algs": ["hmac-sha2-256"]}
    async with asyncssh.listen(HERE, 0, server_host_keys=[key], server_version="x", **offered) as server:
        found = by_name(await asked(server.get_port()))["hassh_server"].payload
    assert isinstance(found, SshProbed)
    assert found.software == "SSH-2.0-x"
    assert found.host_keys == "ssh-ed25519"
    assert found.algorithms.startswith("curve25519-sha256")
    assert ";aes256-ctr;hmac-sha2-256;" in found.algorithms
    assert found.hassh == hashlib.md5(found.algorithms.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.skipif(shutil.which("sshd") is None, reason="no sshd here")
async def test_openssh_server_is_known(tmp_path: Path) -> None:
    """What sshd says in inetd mode, by a server of ours: so no port is taken that somebody else could have."""
    key = tmp_path / "key"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    await asyncio.to_thread(subprocess.run, make, check=True, timeout=60)
    command = [str(shutil.which("sshd")), "-i", "-f", "/dev/null", "-h", str(key)]
    done = await asyncio.to_thread(
        subprocess.run, command, input=b"SSH-2.0-x\r\n", capture_output=True, timeout=60, check=False
    )
    if not done.stdout:
        pytest.skip("sshd does not run here")
    async with serving(probe_servers.saying(done.stdout)) as port:
        found = await ask_ssh(HERE, port, IDENTIFICATION, PATIENT)
    assert found is not None
    assert found.identification.startswith(b"SSH-2.0-OpenSSH_")


@pytest.mark.parametrize("handler", [probe_servers.hang, probe_servers.drip], ids=["hangs", "drips"])
async def test_server_that_never_ends_costs_one_deadline(handler: probe_servers.Handler) -> None:
    async with serving(handler) as port:
        answer = await exchange(HERE, port, b"x", jarm.complete, most=jarm.MOST, seconds=SHORT)
        assert answer is NoAnswer.SILENT or len(answer) < jarm.MOST  # type: ignore[arg-type]  # mypy: not SILENT is bytes
        assert await ask_ssh(HERE, port, IDENTIFICATION, SHORT) is None
        assert await ask_certificate(HERE, port, None, SHORT) is None


async def test_silent_server_is_asked_for_jarm_once() -> None:
    connections = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await probe_servers.hang(reader, writer)

    async with serving(hang) as port:
        assert await asked(port, seconds=SHORT, ssh_ports=()) == []
    assert connections == 1


@pytest.mark.parametrize("head", [b"", b"\x16\x03\x03\xff\xff", b"SSH-2.0-x\r\n\x00\x00\x80\x00\x04\x14", b"\n" * 2000])
async def test_gigabyte_is_not_read(head: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with serving(probe_servers.flood(head)) as port:
        await asked(port, seconds=5)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB


@pytest.mark.parametrize(
    "said", [b"", b"\0", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x28", bytes(9999)]
)
async def test_a_server_of_another_protocol_yields_no_finding(said: bytes) -> None:
    async with serving(probe_servers.saying(said)) as port:
        assert await asked(port) == []


@given(st.binary(max_size=3000))
def test_any_answer_is_survived(said: bytes) -> None:
    async def ask() -> None:
        async with serving(probe_servers.saying(said)) as port:
            await ask_ssh(HERE, port, IDENTIFICATION, 5)
            await exchange(HERE, port, b"x", jarm.complete, most=jarm.MOST, seconds=5)

    asyncio.run(asyncio.wait_for(ask(), 30))


async def test_closed_port_costs_one_connection_for_each_kind() -> None:
    spent = []

    async def spend(number: int) -> bool:
        spent.append(number)
        return True

    port = free_port()
    settings = ProbeSettings(tls_ports=(port,), ssh_ports=(port,), stack=True)
    assert [found async for found in run_probe(Host(HERE), settings, spend)] == []
    assert spent == [10, 1]


async def test_jarm_is_asked_whole_or_not_at_all(pair: probe_servers.Pair) -> None:
    async with serving(probe_servers.hang_up, context=probe_servers.context_of(pair)) as port:
        assert await asked(port, budget=9) == []
        assert set(by_name(await asked(port, budget=10))) == {"jarm"}


async def test_name_is_asked_for_where_there_is_one(pair: probe_servers.Pair) -> None:
    names: list[str | None] = []
    context = probe_servers.context_of(pair)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    async with serving(probe_servers.hang_up, context=context) as port:
        await ask_certificate(HERE, port, "a.example", PATIENT)
        await ask_certificate(HERE, port, None, PATIENT)
    assert names == ["a.example", None]


@needs_root
@pytest.mark.parametrize(("host", "version"), [(HERE, "4"), ("::1", "6")])
async def test_stack_of_this_host_is_linux(pair: probe_servers.Pair, host: str, version: str) -> None:
    async with serving(probe_servers.hang_up, host=host, context=probe_servers.context_of(pair)) as port:
        found = by_name(await asked(port, host=host, stack=True))["tcp_stack"].payload
    assert isinstance(found, StackProbed)
    assert found.signature.startswith(f"{version}:64+0:0:")
    assert (found.os, found.distance) == ("Linux", 0)
    assert found.muonfp.split(":")[1] == "2-4-8-1-3"


@needs_root
async def test_stack_that_does_not_answer_is_waited_for_once() -> None:
    async with serving(probe_servers.hang_up) as port:
        pass
    begun = time.monotonic()
    assert await ask_stack(HERE, port, SHORT) is None
    assert time.monotonic() - begun < 30


@needs_root
async def test_child_is_gone_when_nobody_waits_for_it_any_more() -> None:
    async with serving(probe_servers.hang_up) as port:
        pass
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SHORT):
            await ask_stack(HERE, port, 60)
    here = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    assert not [pid for pid in here.split() if b"stack_child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@given(st.binary(max_size=120))
def test_any_packet_is_an_answer_or_none(packet: bytes) -> None:
    found = stack_child.answers(packet, b"\x7f\0\0\1", 4000, 443)
    assert found is None or len(found[1]) >= 20


def test_syn_has_a_right_checksum() -> None:
    source, destination = b"\xc0\0\2\1", b"\xc6\x33\x64\7"
    segment = stack_child.syn(source, destination, 4000, 443, 12345)
    pseudo = source + destination + b"\0\6" + len(segment).to_bytes(2, "big")
    assert stack_child.checksum(pseudo + segment) == 0
    assert len(segment) == (segment[12] >> 4) * 4


def test_filter_of_ipv6_compares_all_four_words() -> None:
    assert len(only_from(bytes(16), 8)) == 8 * 10
    assert len(only_from(bytes(4), 12)) == 8 * 4
