# SPDX-License-Identifier: MIT
"""EVAL and SCRIPT: a script is carried out as far as `running` can; its text is evidence."""

import hashlib
from collections.abc import Callable

from decnet_decoys.redis.about import command_table
from decnet_decoys.redis.about.containers import always, container
from decnet_decoys.redis.instance import MOST_SCRIPTS, Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, Arguments, Function, number
from decnet_decoys.redis.lua.grammar import Block, Parser, Unsupported
from decnet_decoys.redis.lua.library import names, reply_of
from decnet_decoys.redis.lua.running import Exhausted, Running
from decnet_decoys.redis.lua.tokens import SyntaxProblem
from decnet_decoys.redis.lua.values import LuaError, Table
from decnet_decoys.redis.protocol import Error, Reply, text
from decnet_decoys.redis.writing import WRITING

CarryOut = Callable[[Client, list[bytes]], Reply]
LONGEST = 4096
"""Bytes of a script that is carried out; a longer one returns nothing."""
NOT_BUSY = Error("NOTBUSY No scripts in execution right now.")
_NAMES_NOT_IN_SCRIPTS = (
    "acl auth bgrewriteaof bgsave client cluster config debug eval evalsha eval_ro evalsha_ro failover fcall fcall_ro "
    "function hello latency migrate module monitor multi exec discard watch psubscribe psync quit replconf replicaof "
    "reset role save script shutdown slaveof slowlog subscribe sync unsubscribe punsubscribe wait"
)
_NOT_IN_SCRIPTS = frozenset(_NAMES_NOT_IN_SCRIPTS.split())


def _load(client: Client, given: Arguments) -> Reply:
    block = compiled(given[0])
    return block if isinstance(block, Error) else _remembered(client, given[0])


def _exist(client: Client, given: Arguments) -> Reply:
    return [int(text(one).lower() in client.instance.scripts) for one in given]


def _flush(client: Client, given: Arguments) -> Reply:
    if [one.upper() for one in given] not in ([], [b"SYNC"], [b"ASYNC"]):
        return Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
    client.instance.scripts.clear()
    return OK


def _debug(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return OK if given[0].upper() in (b"YES", b"SYNC", b"NO") else Error("ERR Use SCRIPT DEBUG YES/SYNC/NO")


def _remembered(client: Client, body: bytes) -> str:
    digest = hashlib.sha1(body, usedforsecurity=False).hexdigest()
    if len(client.instance.scripts) < MOST_SCRIPTS:
        client.instance.scripts[digest] = body[:LONGEST]
    return digest


def keys_refused(given: Arguments) -> Error | None:
    count = number(given[1])
    if count is None:
        return NOT_A_NUMBER
    if count > len(given) - 2:
        return Error("ERR Number of keys can't be greater than number of args")
    return Error("ERR Number of keys can't be negative") if count < 0 else None


def compiled(body: bytes) -> Block | Error | None:
    """Return the script; None: it is not carried out here."""
    if len(body) > LONGEST:
        return None
    try:
        return Parser(body).script()
    except SyntaxProblem as problem:
        return Error(f"ERR Error compiling script (new function): {problem}")
    except Unsupported:
        return None


def _without_shebang(body: bytes) -> tuple[bytes, bytes]:
    """Return a script whose first line, if it begins with `#!`, is a comment; and what that line says."""
    return (b"--" + body, body.partition(b"\n")[0]) if body.startswith(b"#!lua") else (body, b"")


class Scripts:
    """The commands; `carry_out` does what a script calls."""

    def __init__(self, carry_out: CarryOut) -> None:
        self._carry_out = carry_out

    def eval_(self, client: Client, given: Arguments, *, writes: bool = True) -> Reply:
        refused = keys_refused(given)
        if refused is not None:
            return refused
        source, flags = _without_shebang(given[0])
        block = compiled(source)
        writes = writes and b"no-writes" not in flags
        if isinstance(block, Error):
            return block
        _remembered(client, given[0])
        return None if block is None else self._run(client, block, given, writes=writes)

    def eval_ro(self, client: Client, given: Arguments) -> Reply:
        return self.eval_(client, given, writes=False)

    def evalsha(self, client: Client, given: Arguments, *, writes: bool = True) -> Reply:
        refused = keys_refused(given)
        if refused is not None:
            return refused
        body = client.instance.scripts.get(text(given[0]).lower())
        if body is None:
            return Error("NOSCRIPT No matching script. Please use EVAL.")
        return self.eval_(client, [body, *given[1:]], writes=writes)

    def evalsha_ro(self, client: Client, given: Arguments) -> Reply:
        return self.evalsha(client, given, writes=False)

    def _run(self, client: Client, block: Block, given: Arguments, *, writes: bool) -> Reply:
        count, database = number(given[1]) or 0, client.database
        run = Running()
        found = names(
            run, given[2 : 2 + count], given[2 + count :], lambda words: self.called(client, words, writes=writes)
        )
        run.use(found)
        try:
            return reply_of(run, run.run(block))
        except Exhausted:
            return None
        except LuaError as error:
            digest = hashlib.sha1(given[0], usedforsecurity=False).hexdigest()
            return failed(error, f" script: {digest}, on @user_script:{run.line}.")
        finally:
            client.database = database

    def called(self, client: Client, words: list[bytes], *, writes: bool) -> Reply:
        name = text(words[0][:64]).lower()
        if name not in command_table.names():
            return Error("ERR Unknown Redis command called from script")
        if name in _NOT_IN_SCRIPTS:
            return Error("ERR This Redis command is not allowed from script")
        if name in WRITING and not writes:
            return Error("ERR Write commands are not allowed from read-only scripts.")
        reply = self._carry_out(client, words)
        if isinstance(reply, Error) and "wrong number of arguments" in reply.text:
            return Error("ERR Wrong number of args calling Redis command from script")
        return reply

    def commands(self) -> dict[str, tuple[Function, int]]:
        script = container(
            "SCRIPT",
            {b"LOAD": _load, b"EXISTS": _exist, b"FLUSH": _flush, b"KILL": always(NOT_BUSY), b"DEBUG": _debug},
        )
        return {
            "script": (script, -2), "eval": (self.eval_, -3), "evalsha": (self.evalsha, -3),
            "eval_ro": (self.eval_ro, -3), "evalsha_ro": (self.evalsha_ro, -3),
        }  # fmt: skip


def failed(error: LuaError, where: str) -> Error:
    value = error.value
    if isinstance(value, Table):
        said = value.items.get(b"err")
        value = said if isinstance(said, bytes) else b"ERR unknown error"
        return Error(text(value) + where)
    shown = value.decode("latin-1") if isinstance(value, bytes) else "(error object is not a string)"
    return Error(f"ERR {shown}{where}")
