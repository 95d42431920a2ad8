# SPDX-License-Identifier: MIT
"""What ssh-audit says about a decoy, beside what it says about the server that the decoy claims to be."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.ssh.dialogues import real_servers
from tests.decnet_decoys.ssh.test_dialogues import PERSONAS
from tests.ports import free_port, own_address

from decnet_decoys.personas.catalog import persona
from decnet_decoys.ssh.keys import host_keys
from decnet_decoys.ssh.profile import SshProfile

AUDIT = shutil.which("ssh-audit")
OWN = re.compile(
    r"SHA256:\S+|^\(gen\) banner: .*$|^\(kex\) sntrup761x25519-sha512  .*\n|sntrup761x25519-sha512,", re.MULTILINE
)
"""What is each server's own: its keys' fingerprints, and what Debian's later updates of OpenSSH 9.2 offer besides."""


async def audited(address: str, port: int) -> str:
    """Return what ssh-audit finds, without what differs from one real server to the next."""
    assert AUDIT is not None
    process = await asyncio.create_subprocess_exec(
        AUDIT, "--no-colors", "-p", str(port), address,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return OWN.sub("", out.decode())


async def decoys_audit(directory: Path, which: str) -> str:
    host = DeckyHost(directory, fleet_settings(which, offers=("ssh",)))
    shutil.rmtree(host.state.keys / "decoys")  # it makes its own, of the size that such a server has
    await host.open()
    try:
        return await audited(host.decky.address, host.decky.services["ssh"])
    finally:
        await host.close()


@pytest.mark.oracle
@pytest.mark.skipif(AUDIT is None, reason="install ssh-audit")
@pytest.mark.parametrize("name", PERSONAS)
async def test_ssh_audit_finds_what_it_finds_in_the_real_server(tmp_path: Path, name: str) -> None:
    if real_servers.missing():
        pytest.skip(real_servers.missing())
    address = own_address(59)
    (tmp_path / "real").mkdir()
    async with real_servers.real_server(name, tmp_path / "real", address, free_port(address)) as server:
        real = await audited(server.address, server.port)
    assert "(kex) " in real
    assert (await decoys_audit(tmp_path, PERSONAS[name][0])).splitlines() == real.splitlines()


@pytest.mark.parametrize(("name", "bits"), [("debian-web", 3072), ("nas", 2048)])
def test_an_rsa_key_has_the_size_that_the_server_makes(tmp_path: Path, name: str, bits: int) -> None:
    profile = persona(name).profile(SshProfile)
    assert profile is not None
    host_keys(tmp_path, ("rsa",), profile.rsa_bits)
    key = load_pem_private_key((tmp_path / "ssh_host_rsa_key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == bits
