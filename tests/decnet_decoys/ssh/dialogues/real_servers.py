# SPDX-License-Identifier: MIT
"""OpenSSH's and dropbear's real servers, with root's password set for them alone; needs root."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.decnet_decoys.services.dialogues.asking import not_installed
from tests.decnet_decoys.ssh.dialogues.play import Server

PASSWORD = "admin123"
_KINDS = ("rsa", "ecdsa", "ed25519")
_OPTIONS = (
    "PidFile=none", "UsePAM=no", "KbdInteractiveAuthentication=no", "PermitRootLogin=yes", "MaxStartups=300",
    "X11Forwarding=yes", "XAuthLocation=/nonexistent", "AcceptEnv=LANG LC_*",
    "Subsystem=sftp /usr/lib/openssh/sftp-server",
)  # fmt: skip
"""Debian's configuration, but for PAM, which would delay every refusal by two seconds."""


def missing() -> str:
    """Return why they cannot be started here; empty: they can."""
    if os.geteuid() != 0:
        return "only root can start them"
    absent = not_installed("sshd", "dropbear", "dropbearkey", "unshare")
    if absent:
        return absent
    version = subprocess.run(["/usr/sbin/sshd", "-V"], capture_output=True, check=False).stderr
    return "" if b"OpenSSH_9.2" in version else "not OpenSSH 9.2"


def _command(name: str, directory: Path, address: str, port: int) -> list[str]:
    keys = [str(directory / f"{name}_{kind}") for kind in _KINDS]
    for kind, key in zip(_KINDS, keys, strict=True):
        make = ["ssh-keygen", "-q", "-t", kind, "-N", ""] if name == "openssh" else ["dropbearkey", "-t", kind]
        subprocess.run([*make, "-f", key], check=True, capture_output=True)
    if name == "dropbear":
        return ["/usr/sbin/dropbear", "-F", "-E", "-p", f"{address}:{port}", *(w for key in keys for w in ("-r", key))]
    options = [word for option in (*_OPTIONS, f"ListenAddress={address}:{port}") for word in ("-o", option)]
    return ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *(word for key in keys for word in ("-h", key)), *options]


def _passwords(shadow: Path) -> Path:
    """Write the machine's password file with another password of root's."""
    Path("/run/sshd").mkdir(exist_ok=True)
    made = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, check=True, text=True)
    lines = Path("/etc/shadow").read_text(encoding="utf-8").splitlines()
    entry = f"root:{made.stdout.strip()}:19000:0:99999:7:::"
    shadow.touch(0o600)
    shadow.write_text("\n".join([entry, *(line for line in lines if not line.startswith("root:"))]) + "\n")
    return shadow


@asynccontextmanager
async def real_server(name: str, directory: Path, address: str, port: int) -> AsyncIterator[Server]:
    """Run `openssh` or `dropbear` in a mount namespace where root has that PASSWORD and the home of a new account."""
    shadow = _passwords(directory / "shadow")
    command = _command(name, directory, address, port)
    home = "mount -t tmpfs none /root && cp /etc/skel/.bashrc /etc/skel/.profile /root"
    script = f'mount --bind "$0" /etc/shadow && {home} && exec "$@"'
    process = await asyncio.create_subprocess_exec(
        "unshare", "--mount", "sh", "-c", script, str(shadow), *command, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        server = Server(address, port, b"root", PASSWORD.encode())
        await _answers(server)
        yield server
    finally:
        process.terminate()
        await process.wait()


async def _answers(server: Server) -> None:
    async with asyncio.timeout(120):
        while True:
            try:
                (await server.client()).close()
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return
