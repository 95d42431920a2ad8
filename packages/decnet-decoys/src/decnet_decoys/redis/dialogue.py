# SPDX-License-Identifier: MIT
"""One client of a Redis decoy: every command is recorded before it is answered."""

from __future__ import annotations

import itertools
import re
from contextlib import nullcontext
from typing import TYPE_CHECKING

from decnet_core.events.catalogue import CommandRun, FileCaptured
from decnet_decoys.changes.decky_changes import MAX_FILE
from decnet_decoys.evidence.connection_recorder import UNKNOWN_COMMAND, text
from decnet_decoys.processor import turn
from decnet_decoys.redis.about.settings import DIRECTORIES
from decnet_decoys.redis.dispatch import answered, has_a_name, is_known, name_of, waited
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.persistence import rdb
from decnet_decoys.redis.protocol import Error, Reply, Requests, encoded
from decnet_decoys.redis.waiting import Waits
from decnet_decoys.services.connection import NO_REQUEST, Connection, ConnectionEnded, TcpConnection
from decnet_decoys.services.machine_files import MachineFiles

if TYPE_CHECKING:
    from decnet_decoys.redis.service import RedisService

MOST_ANSWERS = 64 << 10
"""Bytes of answers that wait for the end of what was read."""
MOST_AHEAD = 1 << 20
"""Bytes of requests that are read while another one waits for a key."""
SHOWN_ARGUMENTS = 2048
"""Characters of a command that its event keeps."""
_LOG_INS = ("auth", "hello")
_OF_THE_WEB = ("post", "host:")
"""What a browser sends that was led here: the real server closes the connection."""
_OF_MODULES = frozenset(("system.exec", "system.rev", "shell.exec"))
"""Commands of the modules that intruders load: the server does not have them, and they are recorded by their names."""
_LUA_CALL = re.compile(rb"(?:popen|execute)\s*\(\s*([\"'])")
_MOST_CALLS, _LONGEST_COMMAND = 8, 4096


class Dialogue:
    def __init__(self, service: RedisService, connection: Connection) -> None:
        self._service = service
        self._connection = connection
        self._recorder = connection.recorder
        self._client = Client(service.instance, connection.recorder.info.src, connection.recorder.info.dst)
        self._requests = Requests(service.context.settings.limits.body_bytes)
        self._held = 0
        self._has_left = False
        """Whether the client has gone while it waited for a key."""
        self._answers = bytearray()
        """What is sent before more is read, as the real server does: it sends nothing to whom it drops."""

    async def serve(self) -> None:
        """Answer one request after the other; who does not read the answers is not listened to."""
        while not self._client.leaves:
            arguments = self._requests.take()
            if arguments is not None:
                await self._answer(arguments)
            elif self._requests.broken:
                await self._end(self._requests.broken)
                return
            elif not (self._requests.paused or await self._more()):
                return
            await turn.give_way()
        if self._has_left:
            await self._record_the_rest()
        await self._flush()

    async def _record_the_rest(self) -> None:
        """Record what a client had sent behind the command that it waited for: nothing of it is carried out."""
        while (arguments := self._requests.take()) is not None or self._requests.paused:
            if arguments is not None:
                self._record(arguments)
            await turn.give_way()

    async def _flush(self) -> None:
        data = bytes(self._answers)
        self._answers.clear()
        if data:
            await self._connection.write(data)

    async def _more(self) -> bool:
        await self._flush()
        data = await self._connection.read()
        if not self._fed(data):
            raise ConnectionEnded("no memory for the request")
        return bool(data)

    def _fed(self, data: bytes) -> bool:
        """Keep what has come; False: there is no memory for it."""
        self._requests.feed(data)
        held = self._requests.held
        if held > self._held and not self._connection.lease.hold(held - self._held):
            return False
        self._held = max(self._held, held)
        return True

    def _heard(self, data: bytes) -> bool:
        """Keep what comes while the client waits for a key, and see it leave; False: no more of it is read."""
        self._has_left = self._has_left or not data
        if not data or not self._fed(data):
            self._client.leave()
        return self._requests.held < MOST_AHEAD

    async def _replied(self, arguments: list[bytes]) -> Reply:
        """Return the reply to a request; before it waits, what was asked before is answered."""
        reply = await answered(self._client, arguments)
        if not isinstance(reply, Waits):
            return reply
        await self._flush()
        connection = self._connection
        with connection.overheard(self._heard) if isinstance(connection, TcpConnection) else nullcontext():
            return await waited(self._client, arguments, reply)

    async def _answer(self, arguments: list[bytes]) -> None:
        name = name_of(arguments)
        if name in _OF_THE_WEB:
            self._record(arguments)
            self._client.leaves = True
            self._answers.clear()
            return
        names_directory = name == "config" and len(arguments) > 3 and arguments[2].lower() == b"dir"
        if names_directory and self._client.authenticated:
            await self._directory_named(text(arguments[3][:4096]))
        if name not in _LOG_INS:  # of which more is known when they are answered
            self._record(arguments)
        silent = self._client.unanswered
        reply = await self._replied(arguments)
        if name in _LOG_INS:
            self._record_login(arguments, success=not isinstance(reply, Error))
            self._record(arguments)
        if self._client.saved:
            self._client.saved = False
            reply = reply if await self._saved() or name == "bgsave" else Error("ERR")
        for code in arguments[1:2] if name == "eval" else ():
            self._record_commands(code)
        if self._client.wants_reply(silent):
            self._answers += encoded(reply, self._client.version)
        if len(self._answers) > MOST_ANSWERS:
            await self._flush()

    async def _end(self, reason: str) -> None:
        if not self._connection.other_protocol:  # which is on record
            self._connection.record_not_understood(NO_REQUEST, reason)
        self._answers += encoded(Error(f"ERR {reason}"), self._client.version)
        await self._flush()

    def _record(self, arguments: list[bytes]) -> None:
        """Record a request in the words that other honeypots use, so that rules see all alike."""
        name = name_of(arguments)
        named = has_a_name(name) or name in _OF_THE_WEB or name in _OF_MODULES
        shown = arguments[1:64] if named else arguments[:64]
        given = " ".join(text(one[:SHOWN_ARGUMENTS]) for one in shown)[:SHOWN_ARGUMENTS]
        action = name.upper() if named else UNKNOWN_COMMAND
        self._recorder.request(action, "" if name in _LOG_INS else given, known=is_known(name))

    def _record_login(self, arguments: list[bytes], *, success: bool) -> None:
        words = arguments[1:] if name_of(arguments) == "auth" else arguments[3:5]
        if not 1 <= len(words) <= 2:
            return
        user = words[0] if len(words) == 2 else b"default"
        self._recorder.login(user, success=success, password=words[-1])

    async def _directory_named(self, named: str) -> None:
        """Have the machine made: at once, if it must say whether there is such a directory."""
        context = self._service.context
        if named.rstrip("/") not in DIRECTORIES:
            await self._open_files()
        elif context.made_machine is None:
            context.runtime.spawn(context.prepare_machine(), name="machine of a redis client", may_end=True)

    async def _open_files(self) -> MachineFiles:
        if self._client.files is None:
            self._client.files = await MachineFiles.opened(self._service.context, self._recorder)
        return self._client.files

    async def _saved(self) -> bool:
        """Write the databases to where the client has had them written: a cron table, keys, a web page.

        Returns False when the machine refuses. What a client put there is evidence; a dump at its usual place is not.
        """
        service = self._service
        name = service.instance.file
        if name == service.dump.path:
            await service.dump.store_in_turns()
            return True
        data = await turn.in_turns(rdb.written(service.instance.databases, service.instance.aux, MAX_FILE))
        refused = (await self._open_files()).write(name, data, makes=True)
        await self._record_file(name)
        return not refused

    async def _record_file(self, name: str) -> None:
        values = [value for _, value in self._client.keys.items() if isinstance(value, bytes)]
        content = b"\n".join(values)
        digest = await turn.in_turns(self._service.context.fleet.artifacts.storing(content))
        self._recorder.emit(
            FileCaptured(service=self._recorder.service, sha256=digest, size=len(content), name=text(name))
        )

    def _record_commands(self, code: bytes) -> None:
        """Record the commands of the system that a script would run, as by CVE-2022-0543."""
        for found in itertools.islice(_LUA_CALL.finditer(code[:65536]), _MOST_CALLS):
            end = code.find(found[1], found.end(), found.end() + _LONGEST_COMMAND)
            if end > found.end():
                command = text(code[found.end() : end])
                self._recorder.emit(CommandRun(service=self._recorder.service, command=command, known=False))
