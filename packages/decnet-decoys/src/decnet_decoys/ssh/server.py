# SPDX-License-Identifier: MIT
"""Serves SSH connections to one decky with asyncssh: host keys are made at start, options when a client comes."""

import asyncio
import logging
import traceback
from pathlib import Path

from decnet_core.runtime.logs import LogLimit
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.ssh.behaviour.connection import DecoyConnection
from decnet_decoys.ssh.behaviour.dialect import ClientLeft, Dialect, Farewell
from decnet_decoys.ssh.behaviour.dropbear import Dropbear
from decnet_decoys.ssh.behaviour.openssh import OpenSsh
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.keys import host_keys, make_host_keys
from decnet_decoys.ssh.login import Login
from decnet_decoys.ssh.options import options_for
from decnet_decoys.ssh.profile import SshProfile
from decnet_decoys.ssh.service import LOGIN_SECONDS

log = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
"""Between two tries to make host keys on a disk that refuses."""
LOG_SECONDS = 60.0
"""Between two lines about clients that do not speak the protocol."""

_OURS = str(Path(__file__).parents[1])


class Server:
    def __init__(self, context: DeckyContext, profile: SshProfile) -> None:
        self._context = context
        self._profile = profile
        self._kept_keys = (profile.host_keys, profile.rsa_bits)
        self._credentials = CredentialPolicy(context.persona.users, profile.accept_after, context.changes)
        self._options: asyncssh.SSHServerConnectionOptions | None = None
        self._making = asyncio.Lock()
        self._dialect = dialect_of(profile.version)
        self._protocol_errors = LogLimit(LOG_SECONDS)
        self.has_no_keys = False
        """Whether the disk refused them: it would say nothing to its clients."""

    async def prepare(self) -> None:
        """Make the host keys that are missing; tries again for as long as the disk refuses."""
        while not await self._keys_made():  # noqa: ASYNC110  # nothing tells when a disk accepts writes again
            await asyncio.sleep(RETRY_SECONDS)

    async def _keys_made(self) -> bool:
        context = self._context
        async with context.fleet.preparation:
            try:
                await context.runtime.in_thread(make_host_keys, context.keys, *self._kept_keys)
            except OSError as error:
                self.has_no_keys = True
                context.runtime.counters.add("decoys_host_keys_failed")
                log.error(  # noqa: TRY400  # the traceback says no more than this
                    "decky %s cannot write its SSH host key %s: %s; it serves no SSH until it can, next try in %.0f s",
                    context.decky.name, error.filename, error.strerror, RETRY_SECONDS,
                )  # fmt: skip
                return False
        self.has_no_keys = False
        return True

    async def serve(self, connection: Connection, first: bytes) -> None:
        """Serve one client to its end; raises ConnectionEnded after a protocol error, or without a login.

        `first` is what it has sent in answer to our version; empty: that is still to be sent.
        """
        options = await self.options()

        def login() -> Login:
            return Login(self._context, self._profile, self._credentials, connection, self._dialect.max_sessions)

        loop = asyncio.get_running_loop()
        server = DecoyConnection(loop, options, self._dialect, login, first)
        connection.received.clear()  # what came first is handed over again, before the rest
        try:
            await loop.create_connection(lambda: server, sock=connection.socket)
            try:
                await server.ended_by
                await server.wait_closed()
            finally:
                server.abort()
        except (OSError, ClientLeft, Farewell, asyncssh.ConnectionLost) as error:
            _drop_tracebacks(error)
            raise ConnectionEnded(str(error)) from None
        except Exception as error:
            if not _is_of_the_client(error):
                raise
            self._report(connection, error)
            _drop_tracebacks(error)
            raise ConnectionEnded(str(error)) from None

    def _report(self, connection: Connection, error: Exception) -> None:
        """Count a client that does not speak the protocol."""
        connection.recorder.counters.add("decoys_protocol_errors")
        omitted = self._protocol_errors.due()
        if omitted is not None:
            info = connection.recorder.info
            log.info(
                "no SSH from source=%s decky=%s error=%s; %d more clients since the last such line",
                info.src[0], info.decky, type(error).__name__, omitted,
            )  # fmt: skip

    async def options(self) -> asyncssh.SSHServerConnectionOptions:
        """Return what all connections share, made once; raises ConnectionEnded when there are no host keys."""
        async with self._making:
            if self._options is None:
                in_thread = self._context.runtime.in_thread
                try:
                    keys = await in_thread(host_keys, self._context.keys, *self._kept_keys)
                except OSError as error:
                    raise ConnectionEnded(f"no host key: {error}") from error  # `prepare` says so in the log
                self._options = options_for(self._profile, keys, LOGIN_SECONDS)
            return self._options


def dialect_of(version: str) -> Dialect:
    """Return how a server of that software version answers."""
    for name, kind in (("OpenSSH", OpenSsh), ("dropbear", Dropbear)):
        if version.startswith(name):
            return kind(version)
    return Dialect(version)


def _drop_tracebacks(error: BaseException | None) -> None:
    """Let go of the frames in which an error was raised: with the future that it came by they are a cycle.

    What is in a cycle waits for the garbage collector, and hundreds of connections take it longer than a turn may.
    """
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


def _is_of_the_client(error: Exception) -> bool:
    """Return whether asyncssh raised it over what the client sent: some garbage gives it a ValueError, or worse."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, asyncssh.Error) or not frames or not frames[-1].filename.startswith(_OURS)
