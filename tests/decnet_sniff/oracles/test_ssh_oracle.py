# SPDX-License-Identifier: MIT
"""HASSH and HASSHServer of real clients and servers are what tshark says of the same packets."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles import oracle_decnet_sniff, oracle_programs, oracle_tshark
from tests.decnet_sniff.sniff.sniff_network_namespaces import MISSING, SERVER, SERVER6, Wire, wire

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(MISSING) or oracle_tshark.missing() is not None, reason=MISSING or "needs tshark"),
]

DROPBEAR = 2205
AS_SSH = tuple(f"tcp.port=={port},ssh" for port in range(2201, DROPBEAR + 1))

PLAIN = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes")
OPENSSH = (
    (),
    ("-o", "KexAlgorithms=curve25519-sha256,diffie-hellman-group14-sha256"),
    ("-o", "Ciphers=aes128-ctr,aes256-gcm@openssh.com", "-o", "MACs=hmac-sha2-256"),
    ("-o", "Compression=yes", "-o", "HostKeyAlgorithms=ssh-ed25519"),
    ("-6",),
)
PARAMIKO = """
import paramiko, sys
transport = paramiko.Transport((sys.argv[1], int(sys.argv[2])))
transport.get_security_options().ciphers = transport.get_security_options().ciphers[int(sys.argv[3]):]
try:
    transport.start_client(timeout=100)
finally:
    transport.close()
"""
ASYNCSSH = """
import asyncio, asyncssh, sys
async def main():
    more = {"compression_algs": ["zlib@openssh.com"]} if sys.argv[3] == "1" else {}
    await asyncssh.connect(sys.argv[1], int(sys.argv[2]), known_hosts=None, username="x", password="y",
                           config=None, client_keys=None, agent_path=None, **more)
try:
    asyncio.run(main())
except asyncssh.Error:
    pass
"""
ASYNCSSH_SERVER = """
import asyncio, asyncssh
async def main():
    server = await asyncssh.listen("::", 2204, server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")])
    await server.wait_closed()
asyncio.run(main())
"""
PARAMIKO_SERVER = """
import paramiko, socket
listener = socket.create_server(("::", 2203), family=socket.AF_INET6, dualstack_ipv6=True)
key, held = paramiko.RSAKey.generate(2048), []
while True:
    transport = paramiko.Transport(listener.accept()[0])
    transport.add_server_key(key)
    held.append(transport)
    try:
        transport.start_server(server=paramiko.ServerInterface())
    except Exception:
        pass
"""


def python() -> str:
    """The interpreter that has the SSH libraries."""
    return str(oracle_programs.environment("paramiko==5.1.0", "asyncssh==2.24.1") / "bin" / "python")


def key(folder: Path, kind: str = "ed25519") -> str:
    path = folder / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True, timeout=60)
    return str(path)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture of each client with each server, on IPv4 and IPv6."""
    folder = tmp_path_factory.mktemp("ssh")
    path = folder / "ssh.pcap"
    with wire() as laid, ExitStack() as servers:
        ports = start_servers(laid, servers, folder)
        with laid.capture(path):
            for port in ports:
                meet(laid, port)
    return path


def start_servers(laid: Wire, servers: ExitStack, folder: Path) -> list[int]:
    Path("/run/sshd").mkdir(exist_ok=True)
    sshd = (shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-f", "/dev/null", "-o", "UsePAM=no", "-h", key(folder))
    found = {
        2201: (*sshd, "-p", "2201"),
        2202: (*sshd, "-p", "2202", "-o", "Ciphers=aes256-ctr", "-o", "KexAlgorithms=ecdh-sha2-nistp256"),
        2203: (python(), "-c", PARAMIKO_SERVER),
        2204: (python(), "-c", ASYNCSSH_SERVER),
    }
    if shutil.which("dropbear"):
        found[DROPBEAR] = ("dropbear", "-F", "-R", "-p", str(DROPBEAR), "-r", dropbear_key(folder))
    for port, argv in found.items():
        servers.enter_context(laid.serve(port, *argv))
    return list(found)


def dropbear_key(folder: Path) -> str:
    path = folder / "dropbear"
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(path)], check=True, capture_output=True, timeout=60)
    return str(path)


def meet(laid: Wire, port: int) -> None:
    """Let every client come to the server on `port`."""
    for options in OPENSSH:
        host = SERVER6 if "-6" in options else SERVER
        laid.run(laid.client, "ssh", *PLAIN, *options, "-p", str(port), f"nobody@{host}", "true")
    if shutil.which("dbclient"):
        laid.run(laid.client, "dbclient", "-y", "-p", str(port), f"nobody@{SERVER}", "true")
    for variant in ("0", "1"):
        for script in (PARAMIKO, ASYNCSSH):
            laid.run(laid.client, python(), "-c", script, SERVER, str(port), variant)


Seen = set[tuple[str, int, str, str, str]]
"""Address, port of the server, role, hash, algorithms."""


def tshark_sees(path: Path) -> Seen:
    fields = ["ip.src", "ipv6.src", "tcp.srcport", "tcp.dstport", "ssh.kex.hassh", "ssh.kex.hassh_algorithms"]
    fields += ["ssh.kex.hasshserver", "ssh.kex.hasshserver_algorithms"]
    found: Seen = set()
    for row in oracle_tshark.rows(path, "ssh.kex.hassh || ssh.kex.hasshserver", fields, AS_SSH):
        four, six, source, target, client, offered, server, answered = (row[field] for field in fields)
        address = (four or six)[0]
        if client:
            found.add((address, int(target[0]), "client", client[0], offered[0]))
        if server:
            found.add((address, int(source[0]), "server", server[0], answered[0]))
    return found


def we_see(path: Path) -> Seen:
    found: Seen = set()
    for one in oracle_decnet_sniff.findings(path, "ssh.kex"):
        told = one["payload"]
        port = one["src_port"] if told["role"] == "server" else one["dst_port"]
        found.add((one["src_ip"], port, told["role"], told["hassh"], told["algorithms"]))
    return found


def test_hassh_is_what_tshark_says(capture: Path) -> None:
    theirs, ours = tshark_sees(capture), we_see(capture)
    assert theirs <= ours
    # dropbear's first segment ends in its KEXINIT, which tshark takes for encrypted if the client has said nothing yet.
    assert {seen[1:] for seen in ours - theirs} <= {seen[1:] for seen in theirs if seen[1:3] == (DROPBEAR, "server")}
    assert len({hassh for _, _, role, hassh, _ in ours if role == "client"}) >= 4, "several kinds of clients"
    assert len({hassh for _, _, role, hassh, _ in ours if role == "server"}) >= 2, "several kinds of servers"


def test_identification_is_what_tshark_says(capture: Path) -> None:
    theirs = {
        row["ssh.protocol"][0].strip() for row in oracle_tshark.rows(capture, "ssh.protocol", ["ssh.protocol"], AS_SSH)
    }
    assert {one["payload"]["software"] for one in oracle_decnet_sniff.findings(capture, "ssh.kex")} == theirs
