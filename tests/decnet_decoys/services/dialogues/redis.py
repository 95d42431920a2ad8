# SPDX-License-Identifier: MIT
"""What visitors say to Redis: both forms of requests, errors, the commands that scanners and intruders begin with."""

from __future__ import annotations

import re

from tests.decnet_decoys.services.dialogues.play import END, Kind, Step, lines


def request(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


DIALOGUES: dict[str, tuple[Step, ...]] = {
    "silence": (),
    "PING": lines(b"PING", b"ping", b"PING x", b'PING "a b"', b"PING a b", b"ECHO x", b"ECHO"),
    "PING as an array": (request(b"PING"), request(b"ping", b"x"), request(b"PING", b"a", b"b")),
    "QUIT": lines(b"QUIT", b"PING"),
    "several at once": (b"PING\r\nPING\r\n" + request(b"PING") + b"QUIT\r\nPING\r\n",),
    "empty lines": (b"\r\n\r\n", b"*0\r\n", b"*-1\r\n", b"PING\r\n"),
    "lines ended by LF": (b"PING\nECHO x\n",),
    "unbalanced quotes": (b'PING "x\r\n', b"PING\r\n"),
    "quotes": lines(b'ECHO "a\\x41\\n"', b"ECHO 'a\\'b'", b'ECHO ""'),
    "a length that is none": (b"*x\r\n",),
    "a length too large": (b"*99999999\r\n",),
    "an argument without a length": (b"*1\r\nPING\r\n",),
    "an argument's length that is none": (b"*1\r\n$x\r\n",),
    "a negative length": (b"*1\r\n$-1\r\n",),
    "a huge argument": (b"*1\r\n$999999999999\r\n",),
    "a long line": (b"A" * 70_000,),
    "a long line with an end": (b"A" * 60_000 + b"\r\n",),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n",),
    "POST": (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "a TLS hello": (b"\x16\x03\x01\0\x0a\x01\0\0\x06\x03\x03" + bytes(20) + b"\r\n",),
    "SSH": (b"SSH-2.0-Go\r\n",),
    "garbage": (bytes(range(128, 256)) + b"\r\n", b"\0\1\2\r\n"),
    "the client ends": (END,),
    "the client ends within a request": (b"*2\r\n$4\r\nECHO\r\n", END),
    "an unknown command": lines(b"FOO", b"FOO a b", b"FOO " + b"x" * 200, b"foo 'a b'"),
    "too few arguments": lines(b"GET", b"SET x", b"CONFIG", b"CONFIG GET", b"SLAVEOF x", b"EVAL", b"AUTH"),
    "AUTH": lines(b"AUTH x", b"AUTH a b", b"AUTH default x", b"AUTH a b c"),
    "HELLO": lines(
        b"HELLO 4", b"HELLO x", b"HELLO 2 AUTH a b", b"HELLO 3 FOO", b"HELLO 2 SETNAME x", b"CLIENT GETNAME"
    ),
    "keys": lines(
        b"SET k v",
        b"GET k",
        b"GET nope",
        b"EXISTS k nope",
        b"DEL k nope",
        b"TYPE k",
        b"TTL k",
        b"APPEND k x",
        b"STRLEN k",
        b"DEL k",
    ),
    "SET's options": lines(
        b"SET o v EX 100",
        b"SET o v NX",
        b"SET o v XX GET",
        b"SET o v EX 0",
        b"SET o v EX x",
        b"SET o v FOO",
        b"SET o v NX XX",
        b"DEL o",
    ),
    "numbers": lines(
        b"INCR n", b"INCRBY n 5", b"DECR n", b"INCRBY n x", b"SET n x", b"INCR n", b"INCRBYFLOAT n 1", b"DEL n"
    ),
    "lists": lines(
        b"RPUSH l a b c", b"LRANGE l 0 -1", b"LLEN l", b"LPOP l", b"GET l", b"LRANGE l 0 x", b"TYPE l", b"DEL l"
    ),
    "hashes": lines(b"HSET h a 1 b 2", b"HGET h a", b"HGETALL h", b"HDEL h a", b"HSET h a", b"INCR h", b"DEL h"),
    "sets": lines(b"SADD s a", b"SADD s a", b"SMEMBERS s", b"SCARD s", b"SISMEMBER s a", b"SREM s a", b"DEL s"),
    "databases": lines(
        b"SELECT 1",
        b"SELECT 15",
        b"SELECT 16",
        b"SELECT x",
        b"SELECT -1",
        b"DBSIZE",
        b"KEYS *",
        b"SCAN 0",
        b"RANDOMKEY",
    ),
    "CONFIG": lines(
        b"CONFIG GET dir*x",
        b"CONFIG GET dbfilename",
        b"CONFIG GET maxmemory-policy",
        b"CONFIG SET dir /nonexistent",
        b"CONFIG SET foo bar",
        b"CONFIG SET dbfilename a/b",
        b"CONFIG SET dbfilename dump.rdb",
        b"CONFIG RESETSTAT",
        b"CONFIG FOO",
        b"CONFIG GET",
    ),
    "replication": lines(
        b"ROLE",
        b"SLAVEOF NO ONE",
        b"REPLICAOF NO ONE",
        b"SLAVEOF 127.0.0.1 x",
        b"REPLICAOF a",
        b"REPLCONF",
        b"WAIT 0 0",
    ),
    "modules": lines(b"MODULE LIST", b"MODULE LOAD /nonexistent.so", b"MODULE UNLOAD x", b"MODULE FOO", b"MODULE"),
    "scripts": lines(
        b"EVAL 'return 1' 0",
        b"EVAL 'return {1,2}' 0",
        b"EVAL x",
        b"EVAL 'return 1' x",
        b"EVAL 'return 1' 5",
        b"SCRIPT EXISTS x",
        b"SCRIPT FLUSH",
        b"EVALSHA x 0",
    ),
    "CLIENT": lines(b"CLIENT GETNAME", b"CLIENT SETNAME a", b"CLIENT SETNAME 'a b'", b"CLIENT FOO", b"CLIENT KILL x"),
    "a transaction": lines(
        b"MULTI", b"PING", b"FOO", b"EXEC", b"EXEC", b"MULTI", b"MULTI", b"SET t 1", b"DEL t", b"EXEC", b"DISCARD"
    ),
    "other commands": lines(
        b"COMMAND COUNT",
        b"COMMAND FOO",
        b"OBJECT ENCODING nope",
        b"DEBUG FOO",
        b"LASTSAVE x",
        b"SLOWLOG LEN",
        b"SLOWLOG GET",
        b"ACL WHOAMI",
        b"ACL LIST x",
        b"LATENCY LATEST",
        b"MEMORY USAGE nope",
        b"CLUSTER INFO",
        b"CLUSTER NODES",
    ),
    "INFO of nothing": lines(b"INFO foo", b"INFO Cluster", b"INFO modules"),
    "pushed": lines(b"SUBSCRIBE c", b"PING", b"GET x", b"UNSUBSCRIBE c", b"PUBLISH c x"),
    "expiry": lines(
        b"SET e v",
        b"EXPIRE e 100",
        b"PERSIST e",
        b"EXPIRE e x",
        b"EXPIRE nope 1",
        b"PTTL nope",
        b"PTTL e",
        b"RENAME e f",
        b"RENAME nope f",
        b"DEL f",
    ),
    "SHUTDOWN that is none": lines(b"SHUTDOWN FOO", b"SAVE x", b"BGSAVE x", b"FLUSHALL x", b"FLUSHDB ASYNC SYNC"),
}

VARIES = ((re.compile(rb"(?<=id\r\n):\d+"), b":ID"),)

KIND = Kind(DIALOGUES, VARIES)
