# SPDX-License-Identifier: MIT
"""The FTP decoy attacked by real clients and by hand: its words, uploads kept, TLS, data connections of others."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import CommandRun, FileCaptured, LoginAttempt, SessionClosed, SessionOpened

CURL, LFTP = shutil.which("curl"), shutil.which("lftp")
USER, PASSWORD = "ubuntu", "ubuntu"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("ubuntu-db", offers=("ftp",)))
    await made.open()
    yield made
    await made.close()


def url(host: DeckyHost, path: str = "") -> str:
    return f"ftp://{host.decky.address}:{host.decky.services['ftp']}/{path}"


async def ran(*arguments: str, given: bytes = b"") -> bytes:
    client = await asyncio.create_subprocess_exec(
        *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(DEADLINE):
        output, _ = await client.communicate(given)
    assert client.returncode == 0, output
    return output


async def said(host: DeckyHost, *lines: str) -> list[str]:
    """Return the last line of each reply, the greeting first."""
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ftp"])
    replies = []
    async with asyncio.timeout(DEADLINE):
        for line in (None, *lines):
            if line is not None:
                writer.write(line.encode() + b"\r\n")
            while (reply := (await reader.readline()).decode()) and not (reply[:3].isdecimal() and reply[3] == " "):
                pass
            replies.append(reply.rstrip("\r\n"))
    writer.transport.abort()
    return replies


# Recorded from vsftpd 3.0.3 of Debian 12.
BEFORE_LOGIN = {
    "SYST": "530 Please login with USER and PASS.", "FEAT": "211 End", "FOO": "530 Please login with USER and PASS.",
    "PASS x": "503 Login with USER first.", "USER": "331 Please specify the password.",
    "GET / HTTP/1.1": "530 Please login with USER and PASS.",
}  # fmt: skip
LOGGED_IN = {
    "PWD": '257 "/home/ubuntu" is the current directory', "SYST": "215 UNIX Type: L8",
    "TYPE I": "200 Switching to Binary mode.", "TYPE A": "200 Switching to ASCII mode.",
    "TYPE X": "500 Unrecognised TYPE command.", "MODE S": "200 Mode set to S.", "MODE B": "504 Bad MODE command.",
    "STRU F": "200 Structure set to F.", "STRU R": "504 Bad STRU command.",
    "CWD /nonexist": "550 Failed to change directory.", "SIZE none": "550 Could not get file size.",
    "MKD d2": '257 "/home/ubuntu/d2" created', "mkd d2": "550 Create directory operation failed.",
    "CWD d2": "250 Directory successfully changed.", "CDUP": "250 Directory successfully changed.",
    "RMD d2": "250 Remove directory operation successful.", "rmd d2": "550 Remove directory operation failed.",
    "DELE none": "550 Delete operation failed.", "RNFR none": "550 RNFR command failed.",
    "RNTO c": "503 RNFR required first.", "RETR x": "425 Use PORT or PASV first.",
    "LIST": "425 Use PORT or PASV first.",
    "PORT 127,0,0,1,0,80": "500 Illegal PORT command.", "PORT 10,0,0,1,4,0": "500 Illegal PORT command.",
    "PORT 1,2": "500 Illegal PORT command.", "SITE": "500 Unknown SITE command.", "SITE HELP": "214 CHMOD UMASK HELP",
    "SITE EXEC id": "500 Unknown SITE command.", "OPTS UTF8 ON": "200 Always in UTF8 mode.",
    "OPTS x": "501 Option not understood.", "REST 5": "350 Restart position accepted (5).",
    "ABOR": "225 No transfer to ABOR.", "ALLO": "202 ALLO command ignored.", "ACCT": "502 ACCT not implemented.",
    "REIN": "502 REIN not implemented.", "PBSZ 0": "503 PBSZ needs a secure connection.",
    "PROT P": "503 PROT needs a secure connection.", "CCC": "500 Unknown command.", "HELP": "214 Help OK.",
    "STAT": "211 End of status", "STAT .": "213 End of status", "QUIT": "221 Goodbye.",
}  # fmt: skip


async def test_answers_are_those_of_the_real_server(host: DeckyHost) -> None:
    log_in = (f"USER {USER}", f"PASS {PASSWORD}")
    replies = await said(host, *BEFORE_LOGIN, *log_in, *LOGGED_IN)
    expected = [
        "220 (vsFTPd 3.0.5)",
        *BEFORE_LOGIN.values(),
        "331 Please specify the password.",
        "230 Login successful.",
    ]
    assert replies == [*expected, *LOGGED_IN.values()]


async def test_three_failures_end_the_connection_and_root_never_gets_in(host: DeckyHost) -> None:
    replies = await said(host, *(line for word in ("a", "b", "toor") for line in ("USER root", f"PASS {word}")), "NOOP")
    assert replies[2::2] == ["530 Login incorrect."] * 3
    assert replies[-1] == ""
    attempts = [event.payload for event in host.events(LoginAttempt)]
    assert [(one.password, one.success) for one in attempts if isinstance(one, LoginAttempt)] == [
        ("a", False),
        ("b", False),
        ("toor", False),
    ]


@pytest.mark.skipif(CURL is None, reason="install curl")
@pytest.mark.parametrize("options", [(), ("--ssl-reqd", "-k"), ("--ftp-port", "-"), ("--disable-epsv",)])
async def test_what_is_uploaded_is_kept_and_there_again(host: DeckyHost, options: tuple[str, ...]) -> None:
    data = bytes(range(256)) * 1000
    log_in = ("-s", "-S", "-u", f"{USER}:{PASSWORD}", *options)
    await ran(str(CURL), *log_in, "-T", "-", url(host, "dropped.bin"), given=data)
    assert await ran(str(CURL), *log_in, url(host, "dropped.bin")) == data
    assert b"dropped.bin" in await ran(str(CURL), *log_in, url(host))
    (file,) = (event.payload for event in host.events(FileCaptured))
    assert isinstance(file, FileCaptured)
    assert (file.sha256, file.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert file.name == f"/home/{USER}/dropped.bin"
    await host.until(SessionClosed, 3)
    assert len(host.events(SessionOpened)) == 3


@pytest.mark.skipif(LFTP is None, reason="install lftp")
async def test_another_real_client_looks_around(host: DeckyHost) -> None:
    script = "set ssl:verify-certificate no; ls -la; cd /etc; cat os-release; pwd; bye"
    port = str(host.decky.services["ftp"])
    output = await ran(str(LFTP), "-u", f"{USER},{PASSWORD}", "-p", port, "-e", script, host.decky.address)
    assert b"Ubuntu" in output
    commands = [event.payload.command for event in host.events(CommandRun) if isinstance(event.payload, CommandRun)]
    assert any(command.startswith("RETR") for command in commands)


@pytest.mark.parametrize("command", ["LIST", "RETR /etc/hostname", "STOR x"])
async def test_a_client_that_does_not_answer_at_its_port_is_told_so_and_stays(host: DeckyHost, command: str) -> None:
    # As vsftpd 3.0.3 of Debian 12: no 150 before, no 226 after.
    with socket.socket() as closed:  # bound, not listening
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        where = f"PORT 127,0,0,1,{port // 256},{port % 256}"
        replies = await said(host, f"USER {USER}", f"PASS {PASSWORD}", where, command, "NOOP", "QUIT")
    assert replies[3].startswith("200 PORT command successful.")
    assert replies[4:] == ["425 Failed to establish connection.", "200 NOOP ok.", "221 Goodbye."]


async def test_nobody_else_gets_the_data(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ftp"])
    async with asyncio.timeout(DEADLINE):
        await reader.readline()
        for line in (f"USER {USER}", f"PASS {PASSWORD}", "EPSV", "STAT"):
            writer.write(line.encode() + b"\r\n")
        shown = await reader.readuntil(b"|)\r\n")
        port = int(shown.rpartition(b"(|||")[2].partition(b"|")[0])
        await reader.readuntil(b"211 End of status\r\n")
        writer.write(b"LIST -a\r\n")
        other = socket.create_connection((host.decky.address, port), source_address=("127.66.7.8", 0))
        other.setblocking(False)
        assert await asyncio.get_running_loop().sock_recv(other, 100) == b""
        other.close()
        data, mine = await asyncio.open_connection(host.decky.address, port)
        assert b".." in await data.read()
        mine.transport.abort()
        assert (await reader.readuntil(b"226 Directory send OK.\r\n")).startswith(b"150 Here comes")
    writer.transport.abort()


async def test_a_line_without_end_is_refused(host: DeckyHost) -> None:
    assert (await said(host, "x" * 5000))[1] == "500 Input line too long."
