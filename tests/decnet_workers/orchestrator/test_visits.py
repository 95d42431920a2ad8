# SPDX-License-Identifier: MIT
"""The clients of synthetic sessions, held against servers that answer otherwise than a decky does."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise

import pytest

from decnet_workers.orchestrator.scripts import DatabaseScript, FilesScript, MailScript
from decnet_workers.orchestrator.visits import database, files, mail
from decnet_workers.orchestrator.visits.announced import SessionError

MAIL = MailScript("ws-1", "ana@ws-1", "bob@mail-1", "Subject: a\n\n.hidden\nend\n", 0.0)
FILES = FilesScript("ana", (0.0, 0.0, 0.0), (0.0, 0.9, 0.9))
QUESTIONS = DatabaseScript("app", ("SELECT 1", "SELEC 2"), (0.0, 0.0))
SALT = bytes(range(33, 53))
LISTING = (
    b"drwxr-xr-x    2 1000     1000         4096 Jan 12 08:14 notes\r\n"
    b"-rw-r--r--    1 1000     1000          220 Mar 03  2024 plan 2.txt\r\n"
    b"lrwxrwxrwx    1 1000     1000            9 Jan 12 08:14 now -> plan 2.txt\r\n"
)


async def against(says: Sequence[bytes], visit: Callable[[socket.socket], Awaitable[object]]) -> bytes:
    """Have a visit meet a server that says one thing after the other, each after what it hears; return all of that.

    Before it says nothing, it leaves.
    """
    ours, theirs = socket.socketpair()
    heard = bytearray()

    async def serve() -> None:
        with theirs:
            for said, following in pairwise((*says, None)):
                await asyncio.get_running_loop().sock_sendall(theirs, said or b"")
                if following == b"":
                    return
                data = await asyncio.get_running_loop().sock_recv(theirs, 65536)
                heard.extend(data)
                if not data:
                    return

    for each in (ours, theirs):
        each.setblocking(False)
    serving = asyncio.ensure_future(serve())
    try:
        await visit(ours)
    finally:
        ours.close()
        await serving
    return bytes(heard)


def framed(*packets: bytes, first: int = 0) -> bytes:
    return b"".join(
        len(one).to_bytes(3, "little") + bytes((number,)) + one for number, one in enumerate(packets, first)
    )


def greeting(plugin: str = "mysql_native_password") -> bytes:
    head = b"\x0a8.0.36\0" + struct.pack("<I", 7) + SALT[:8] + b"\0" + struct.pack("<HBHHB", 0xFFFF, 33, 2, 0xFFFF, 21)
    return head + bytes(10) + SALT[8:] + b"\0" + plugin.encode() + b"\0"


OK = b"\0\0\0\2\0\0\0"
REFUSED = b"\xff\x28\x04#42000You have an error"


async def test_a_mail_is_handed_over_and_its_dots_are_doubled() -> None:
    replies = [b"220-x\r\n220 x\r\n", b"250-x\r\n250 SIZE\r\n", *[b"250 ok\r\n"] * 2, b"354 go\r\n", b"250 ok\r\n"]
    heard = await against([*replies, b"221 bye\r\n"], lambda sock: mail.visit(sock, MAIL))
    assert heard == (
        b"EHLO ws-1\r\nMAIL FROM:<ana@ws-1>\r\nRCPT TO:<bob@mail-1>\r\nDATA\r\n"
        b"Subject: a\r\n\r\n..hidden\r\nend\r\n.\r\nQUIT\r\n"
    )


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ([b"554 no\r\n"], "'554 no'"),
        ([b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"450 4.2.1 full\r\n"], "450 4.2.1 full"),
        ([b"220 x\r\n", b"\xff\xff\r\n" * 100, b""], "ended within"),
        ([b"x" * 70_000, b""], "ended within"),
    ],
)
async def test_a_mail_server_that_refuses_or_leaves_ends_the_session(says: list[bytes], reason: str) -> None:
    with pytest.raises(SessionError, match=reason):
        await against(says, lambda sock: mail.visit(sock, MAIL))


async def test_files_are_read_that_the_listing_has_and_what_is_refused_is_let_be() -> None:
    data = [LISTING, b"text"]

    async def connect(port: int) -> socket.socket:
        assert port == 40001
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            theirs.sendall(data.pop(0) if data else b"")
        return ours

    opened, sent = b"229 on (|||40001|)\r\n", b"226 done\r\n"
    says = [
        *(b"220 x\r\n", b"331 ?\r\n", b"230 in\r\n", b"200 I\r\n", opened, b"150 here\r\n" + sent),
        *(opened, b"150 here\r\n" + sent, opened, b"550 no\r\n", b"221 bye\r\n"),
    ]
    heard = await against(says, lambda sock: files.visit(sock, connect, FILES))
    told = heard.decode().split("\r\n")
    assert (told[0], told[2:]) == (
        "USER ana",
        ["TYPE I", "EPSV", "LIST", "EPSV", "RETR plan 2.txt", "EPSV", "RETR plan 2.txt", "QUIT", ""],
    )
    assert data == []


async def test_of_a_long_file_only_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", len(LISTING) + 1)
    data = [LISTING, bytes(2 * len(LISTING))]

    async def connect(_: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            theirs.sendall(data.pop(0))
        return ours

    opened = b"229 on (|||40001|)\r\n"
    says = [
        *(b"220 x\r\n", b"331 ?\r\n", b"230 in\r\n", b"200 I\r\n", opened, b"150 here\r\n226 done\r\n"),
        *(opened, b"150 here\r\n426 Failure writing network stream.\r\n", b"221 bye\r\n"),
    ]
    script = FilesScript("ana", (0.0, 0.0), (0.0, 0.9))
    heard = await against(says, lambda sock: files.visit(sock, connect, script))
    assert heard.endswith(b"RETR plan 2.txt\r\nQUIT\r\n")


def test_a_listing_has_files_and_directories() -> None:
    assert files.entries(LISTING) == [("d", "notes"), ("-", "plan 2.txt")]
    assert files.entries(b"total 4\r\n\xff\xff\r\n") == []


@pytest.mark.parametrize("plugin", ["mysql_native_password", database.SHA2])
async def test_statements_are_asked_and_their_answers_read_to_the_end(plugin: str) -> None:
    rows = framed(b"\1", b"\3def", b"\xfe\0\0\2\0", b"\x011", b"\xfe\0\0\2\0", first=1)
    accepted = framed(b"\1\3", OK, first=2) if plugin == database.SHA2 else framed(OK, first=2)
    counted: list[int] = []

    async def visit(sock: socket.socket) -> None:
        counted.append(await database.visit(sock, QUESTIONS))

    heard = await against([framed(greeting(plugin)), accepted, rows, framed(REFUSED, first=1)], visit)
    assert counted == [1]  # the other one is an error
    size = 32 if plugin == database.SHA2 else 20
    assert heard[36:41] == b"app\0" + bytes((size,))
    assert heard.endswith(framed(b"\3SELECT 1") + framed(b"\3SELEC 2") + framed(b"\1"))


async def test_a_database_may_ask_for_another_proof() -> None:
    switch = b"\xfe" + database.SHA2.encode() + b"\0" + SALT[::-1] + b"\0"
    says = [framed(greeting()), framed(switch, first=2), framed(b"\1\3", OK, first=4)]
    heard = await against([*says, framed(OK, first=1), framed(OK, first=1)], lambda s: database.visit(s, QUESTIONS))
    assert b"\x20\0\0\3" in heard  # a proof of 32 bytes, as the third packet


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ([framed(b"\xff\x10\4Too many connections")], "greeted with"),
        ([framed(b"\x0a")], "greeted with"),
        ([framed(greeting()), framed(REFUSED, first=2)], "refused the log-in: You have an error"),
        ([b"\xff\xff\xff\0"], "a packet of 16777215 bytes"),
        ([b"\0\0\0\0"], "a packet of 0 bytes"),
        ([framed(greeting())], "closed the connection"),
    ],
)
async def test_a_database_that_is_none_ends_the_session(says: list[bytes], reason: str) -> None:
    with pytest.raises(SessionError, match=reason):
        await against(says, lambda sock: database.visit(sock, QUESTIONS))
