# SPDX-License-Identifier: MIT
"""Users of the Redis decoy and their rights, beside the real server; and whoever makes more than there may be."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.redis import record_commands
from tests.decnet_decoys.redis.test_lua import client
from tests.decnet_decoys.redis.test_redis_service import said

from decnet_core.events.catalogue import LoginAttempt
from decnet_decoys.processor.turn import LONGEST_SECONDS
from decnet_decoys.redis.about import command_table
from decnet_decoys.redis.clients.users import MOST_RULES, MOST_USERS, RuleRefused, User
from decnet_decoys.redis.dispatch import answer
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.protocol import Error, encoded

RULES = (
    "on >pw ~x:* %R~r:* &ch* +@read -get +config|get",
    "(+set ~k*)",
    "(+set",
    "<nope",
    "#12",
    "~*",
    "~z",
    "resetkeys allkeys",
    "+config|nope",
    "+get|x",
    "-get|x",
    "+@nope",
    "+nope",
    "&*",
    "&x",
    "resetchannels",
    "nonsense",
    "%X~a",
    "resetkeys %W~w:* %RW~b:*",
    "%~x",
    "!30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4",
    "nopass",
    "resetpass",
    "+@all -@dangerous",
    "-@all +@string",
    "clearselectors",
    "reset",
)
"""One after the other for one user."""
ASKED = (
    ("GET", "x:1"), ("SET", "x:1", "v"), ("HGET", "r:1", "f"), ("HSET", "r:1", "f", "v"), ("SET", "k1", "v"),
    ("CONFIG", "GET", "dir"), ("CONFIG", "SET", "dir", "/"), ("PUBLISH", "chx", "m"), ("PUBLISH", "other", "m"),
    ("PSUBSCRIBE", "ch*"), ("SUBSCRIBE", "chx"), ("FLUSHALL",), ("ZUNIONSTORE", "x:d", "2", "x:a", "y"), ("NOPE",),
    ("CONFIG", "NOPE"), ("GET",), ("SORT", "x:1", "STORE", "q"), ("EVAL", "x", "1", "q"), ("COPY", "w:1", "b:1"),
)  # fmt: skip


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("debian-web", offers=("redis",)))
    await made.open()
    yield made
    await made.close()


def _shown(reply: bytes) -> str:
    """Return a reply as redis-cli prints it, without its blank lines."""
    lines = iter(reply.decode().split("\r\n"))
    found = [
        next(lines) if line[:1] == "$" and line != "$-1" else "" if line[:1] in "*$" else line[1:] for line in lines
    ]
    return "\n".join(filter(None, found))


def _in_order(lines: str) -> list[list[str]]:
    """Return the words of each line in the order of the alphabet: the real server has its commands in a hash's."""
    return [sorted(line.split()) for line in lines.split("\n") if line]


async def _asked(who: Client, *words: str) -> str:
    return _shown(encoded(await answer(who, [one.encode() for one in words]), 2))


@pytest.mark.oracle
async def test_rules_mean_what_they_mean_to_the_real_server() -> None:
    if not shutil.which("redis-server"):
        pytest.skip("Debian's redis-server is not installed")
    who = client()
    with record_commands.server() as socket:
        for rules in RULES:
            for words in (
                ("ACL", "SETUSER", "u", *rules.split(" ")),
                ("ACL", "GETUSER", "u"),
                ("ACL", "LIST"),
                *(("ACL", "DRYRUN", "u", *one) for one in ASKED),
            ):
                real = record_commands.asked(socket, *words)
                ours = await _asked(who, *words)
                assert _in_order(ours) == _in_order(real), (rules, words)


@pytest.mark.oracle
def test_the_commands_are_those_of_the_real_server() -> None:
    if not shutil.which("redis-server"):
        pytest.skip("Debian's redis-server is not installed")
    assert record_commands.recorded() == command_table._table()[1:]


async def test_a_user_whom_an_intruder_made_comes_back_by_it(host: DeckyHost) -> None:
    address, port = host.decky.address, host.decky.services["redis"]
    await said(
        port, b"ACL SETUSER back on >door ~* &* +@all -shutdown\r\n", b"CONFIG SET requirepass x\r\n", address=address
    )
    replies = await said(
        port,
        b"GET a\r\n",
        b"AUTH back wrong\r\n",
        b"AUTH back door\r\n",
        b"ACL WHOAMI\r\n",
        b"SHUTDOWN\r\n",
        address=address,
    )
    assert replies == [
        b"-NOAUTH Authentication required.\r\n",
        b"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        b"+OK\r\n",
        b"$4\r\nback\r\n",
        b"-NOPERM this user has no permissions to run the 'shutdown' command\r\n",
    ]
    logins = await host.until(LoginAttempt, 2)
    assert [(one.username, one.password, one.success) for one in logins] == [
        ("back", "wrong", False),
        ("back", "door", True),
    ]


async def test_who_is_logged_in_as_a_removed_user_is_disconnected(host: DeckyHost) -> None:
    address, port = host.decky.address, host.decky.services["redis"]
    await said(port, b"ACL SETUSER gone on nopass ~* +@all\r\n", address=address)
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"AUTH gone x\r\n")
    assert await reader.readline() == b"+OK\r\n"
    assert await said(port, b"ACL DELUSER gone default\r\n", b"ACL DELUSER gone\r\n", address=address) == [
        b"-ERR The 'default' user cannot be removed\r\n",
        b":1\r\n",
    ]
    writer.write(b"PING\r\n")
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


async def test_users_and_rules_are_bounded() -> None:
    who = client()
    for number in range(MOST_USERS + 10):
        await answer(who, [b"ACL", b"SETUSER", b"u%d" % number, b"on"])
    assert len(who.instance.users) == MOST_USERS
    commands = [one.name for one in command_table.every()]
    for kind, parts in ((">", commands), ("~", commands), ("&", commands), ("+", commands)):
        many = [f"{kind}{part}".encode() for part in parts[: MOST_RULES + 1]]
        assert isinstance(await answer(who, [b"ACL", b"SETUSER", b"u1", *many]), Error)
    assert isinstance(await answer(who, [b"ACL", b"SETUSER", b"u1", b"~" + b"x" * 10_000]), Error)
    assert who.instance.users["u1"].line == "user u1 on resetchannels -@all"


async def test_what_asks_for_all_commands_keeps_its_turn_short() -> None:
    for words in ([b"COMMAND"], [b"COMMAND", b"LIST", b"FILTERBY", b"ACLCAT", b"read"], [b"ACL", b"CAT", b"slow"]):
        begin = thread_time()
        assert len(encoded(await answer(client(), words), 2)) > 1000
        assert thread_time() - begin < 5 * LONGEST_SECONDS


@given(st.lists(st.text(max_size=12) | st.sampled_from([part for rules in RULES for part in rules.split(" ")])))
def test_a_rule_is_taken_or_refused(rules: list[str]) -> None:
    user = User("u")
    for rule in rules:
        before = user.line
        try:
            user.change([rule])
        except RuleRefused:
            assert user.line == before
    read = command_table.details("get")
    assert read is not None
    user.refused(read, [b"get", b"key"])


@given(
    st.lists(
        st.sampled_from([b"SORT", b"STORE", b"3", b"-1", b"EVAL", b"ZUNIONSTORE", b"x", b"", b"99999999"]), min_size=1
    )
)
def test_keys_are_found_in_whatever_is_asked(words: list[bytes]) -> None:
    found = command_table.of_request(words)
    for key in command_table.keys(found, words) if found else ():
        assert key.name in words[1:]
