# SPDX-License-Identifier: MIT
"""Logs in to a decky by SSH: with the system's `ssh` if installed, else with asyncssh in a process of its own.

`ssh` reads the password from SSH_ASKPASS, a program of ours that prints it: no terminal is needed (ssh(1)).
"""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import msgspec

from decnet.cli.errors import CommandError

_PROMPT = re.compile(rb"[$#>] ?(?:\x1b\[[0-9;?]*[a-zA-Z])*$")
_PROMPT_SECONDS = 3.0
_WHOLE_SECONDS = 60.0
"""For a log-in and all commands: on a busy machine the decky's key exchange alone may take longer than a prompt."""
_LARGEST_OUTPUT = 1 << 20


class SshEndpoint(msgspec.Struct, frozen=True):
    """Where to connect, and from which address."""

    address: str
    port: int
    source: str


class SshFailed(CommandError):
    """The client failed; the message is its own."""


class Ssh:
    """An SSH client; `directory` is a private place for its files."""

    def __init__(self, directory: Path) -> None:
        self._program = shutil.which("ssh")
        self._askpass = directory / "askpass"
        self._askpass.write_text('#!/bin/sh\nprintf "%s\\n" "$DRILL_PASSWORD"\n', encoding="ascii")
        self._askpass.chmod(0o700)

    @property
    def name(self) -> str:
        """Which client it is."""
        return self._program or "asyncssh"

    async def try_password(self, server: SshEndpoint, user: str, password: str) -> bool:
        """Try to log in; return whether the decky accepted. Raises SshFailed when it does not answer."""
        process = await self._start(server, user, password, terminal=False)
        try:
            _, _ = await asyncio.wait_for(process.communicate(b"exit\n"), _WHOLE_SECONDS)
        except TimeoutError as error:
            raise SshFailed(f"no answer from {server.address}:{server.port}") from error
        finally:
            _kill(process)
        return process.returncode == 0

    async def session(self, server: SshEndpoint, user: str, password: str, commands: tuple[str, ...]) -> str:
        """Log in with a terminal, enter each command when the shell prompts, leave; return what was shown.

        Raises SshFailed when the session breaks off.
        """
        process = await self._start(server, user, password, terminal=True)
        try:
            return await asyncio.wait_for(_converse(process, commands), _WHOLE_SECONDS)
        except (TimeoutError, ConnectionError) as error:
            why = str(error) or f"no answer in {_WHOLE_SECONDS:g} s"
            raise SshFailed(f"the session with {server.address}:{server.port} broke off: {why}") from error
        finally:
            _kill(process)

    async def _start(
        self, server: SshEndpoint, user: str, password: str, *, terminal: bool
    ) -> asyncio.subprocess.Process:
        command = self._openssh(server, user, terminal=terminal) if self._program else _asyncssh(server, user, terminal)
        environment = {
            **os.environ,
            "SSH_ASKPASS": str(self._askpass),
            "SSH_ASKPASS_REQUIRE": "force",
            "DISPLAY": os.environ.get("DISPLAY", ":0"),  # OpenSSH before 8.4 asks for it
            "DRILL_PASSWORD": password,
            "TERM": "xterm",
        }
        environment.pop("SSH_AUTH_SOCK", None)
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # without a controlling terminal, older ssh asks through SSH_ASKPASS too
        )

    def _openssh(self, server: SshEndpoint, user: str, *, terminal: bool) -> list[str]:
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "BatchMode": "no",
            "PreferredAuthentications": "password,keyboard-interactive",
            "PubkeyAuthentication": "no",
            "NumberOfPasswordPrompts": "1",
            "ConnectTimeout": "10",
        }
        assert self._program is not None
        return [
            *(self._program, "-F", "/dev/null", "-b", server.source, "-p", str(server.port)),
            *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
            *(["-tt"] if terminal else []),
            *("-l", user, server.address),
            *([] if terminal else ["exit"]),
        ]


def _asyncssh(server: SshEndpoint, user: str, terminal: bool) -> list[str]:
    target = [server.address, str(server.port), server.source, user]
    return [sys.executable, "-m", "decnet.drill.asyncssh_client", *target, *(["--terminal"] if terminal else [])]


async def _converse(process: asyncio.subprocess.Process, commands: tuple[str, ...]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    shown = await process.stdout.read(_LARGEST_OUTPUT)  # after the log-in, which is not to be taken for a pause
    if not shown:
        raise ConnectionError("no shell")
    if not _PROMPT.search(shown):
        shown += await _until_prompt(process.stdout)
    for command in (*commands, "exit"):
        process.stdin.write(command.encode() + b"\n")
        await process.stdin.drain()
        shown += await _until_prompt(process.stdout)
    await process.wait()
    return shown.decode("utf-8", "backslashreplace")


async def _until_prompt(output: asyncio.StreamReader) -> bytes:
    """Return the output up to the next prompt, the end, or a pause too long for a prompt to come."""
    shown = b""
    try:
        async with asyncio.timeout(_PROMPT_SECONDS):
            while len(shown) < _LARGEST_OUTPUT and not _PROMPT.search(shown[-64:]):
                data = await output.read(65536)
                if not data:
                    break
                shown += data
    except TimeoutError:
        pass
    return shown


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
