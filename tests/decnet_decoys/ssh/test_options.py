# SPDX-License-Identifier: MIT
"""What SSH says before login, beside what the software it claims to be says."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, WITH_SSH, DeckyHost, fleet_settings, ssh_profile
from tests.ports import free_port, own_address

TITLES = (
    "kex",
    "host keys",
    "ciphers c2s",
    "ciphers s2c",
    "macs c2s",
    "macs s2c",
    "compression c2s",
    "compression s2c",
)


async def offers(address: str, port: int) -> tuple[str, dict[str, str]]:
    """Return a server's version line and the name lists of its KEXINIT (RFC 4253 §7.1)."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        async with asyncio.timeout(DEADLINE):
            version = (await reader.readline()).decode().strip()
            writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
            length, _, kind = struct.unpack(">IBB", await reader.readexactly(6))
            packet = await reader.readexactly(length - 2)
    finally:
        writer.close()
    assert kind == 20
    lists, at = {}, 16
    for title in TITLES:
        (size,) = struct.unpack_from(">I", packet, at)
        lists[title] = packet[at + 4 : at + 4 + size].decode()
        at += 4 + size
    return version, lists


def hassh(lists: dict[str, str]) -> str:
    """Return HASSHServer: MD5 of four lists."""
    chosen = ";".join(lists[title] for title in ("kex", "ciphers s2c", "macs s2c", "compression s2c"))
    return hashlib.md5(chosen.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("name", WITH_SSH)
async def test_a_decky_offers_what_its_persona_lists(tmp_path: Path, name: str) -> None:
    host = DeckyHost(tmp_path, fleet_settings(name))
    await host.open()
    version, lists = await offers(host.decky.address, host.decky.services["ssh"])
    await host.close()
    profile = ssh_profile(name)
    assert version == f"SSH-2.0-{profile.version}"
    assert lists["kex"].split(",") == [*profile.kex, *profile.kex_extra]
    assert lists["ciphers s2c"] == lists["ciphers c2s"] == ",".join(profile.ciphers)
    assert lists["macs s2c"].split(",") == [mac for mac in profile.macs if mac in lists["macs s2c"]]
    assert lists["host keys"] == ",".join(profile.host_key_algorithms)
    assert lists["compression s2c"] == ",".join(profile.compression)


def real_sshd(directory: Path) -> str:
    """Return a real OpenSSH 9.2 server, with host keys for it in `directory`."""
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    if sshd is None or b"OpenSSH_9.2" not in subprocess.run([sshd, "-V"], capture_output=True, check=False).stderr:
        pytest.skip("no OpenSSH 9.2 sshd on this machine")
    if not Path("/run/sshd").is_dir():
        pytest.skip("sshd wants /run/sshd, which only root can make")
    for kind in ("rsa", "ecdsa", "ed25519"):
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(directory / f"key_{kind}")]
        subprocess.run(command, check=True)
    return sshd


async def test_the_debian_persona_is_indistinguishable_from_the_real_sshd(host: DeckyHost, tmp_path: Path) -> None:
    sshd = real_sshd(tmp_path)
    address = own_address(30)
    port = free_port(address)
    keys = [word for kind in ("rsa", "ecdsa", "ed25519") for word in ("-h", str(tmp_path / f"key_{kind}"))]
    process = await asyncio.create_subprocess_exec(
        sshd, "-D", "-e", "-f", "/dev/null", *keys, "-o", f"ListenAddress={address}:{port}", "-o", "PidFile=none",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        line = await asyncio.wait_for(process.stderr.readline(), DEADLINE)
        assert b"listening" in line, line
        _, real = await offers(address, port)
    finally:
        process.terminate()
        await process.wait()
    _, ours = await offers(host.decky.address, host.decky.services["ssh"])
    # Debian added this second name in 2+deb12u4 (its changelog, 8 Dec 2024); the persona claims deb12u3
    real["kex"] = real["kex"].removeprefix("sntrup761x25519-sha512,")
    assert ours == real
    assert hassh(ours) == hassh(real)
