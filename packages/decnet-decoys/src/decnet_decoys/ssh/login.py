# SPDX-License-Identifier: MIT
"""Login to one decky (RFC 4252): every attempt is recorded before its answer; forwarding is recorded, too."""

import asyncio
import base64
from typing import Any

from decnet_core.events.catalogue import ClientIdentified, ServiceRequest
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import text
from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.services.other_protocol import note_other_protocol
from decnet_decoys.ssh import kex_steps
from decnet_decoys.ssh.channel import Channel
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.options import apply_profile
from decnet_decoys.ssh.pacing import Pacing, UnsentOutput
from decnet_decoys.ssh.profile import SshProfile

ANY_UNIT = 0x7FFFFFFF
"""Of a tunnel device: whichever is free (OpenSSH's PROTOCOL, 2.3)."""


class Login(asyncssh.SSHServer):
    """What asyncssh calls for one connection."""

    def __init__(
        self,
        context: DeckyContext,
        profile: SshProfile,
        credentials: CredentialPolicy,
        connection: Connection,
        most_sessions: int,
    ) -> None:
        """`most_sessions` may be open at a time."""
        self._lease = connection.lease
        self._connection = connection
        self._most_sessions = most_sessions
        self._context = context
        self._profile = profile
        self._credentials = credentials
        self._recorder = connection.recorder
        self._identified = False
        self._username = self._sent_name = ""
        self._channels = 0
        self._open = 0
        self._let_in = False
        self._offered: tuple[str, str] | None = None
        """Fingerprint of a planted key, and the session that planted it."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        apply_profile(conn, self._profile)
        kex_steps.order(conn, self._context.fleet.key_exchanges, self._recorder.info.src[0])
        self._unsent = UnsentOutput(conn, self._lease, self._cut)
        limit, received = self._context.settings.limits.session_bytes, self._connection.received
        self._pacing = Pacing(conn, limit, received, self._unsent, self._cut)

    def _cut(self) -> None:
        """Disconnect a client that has sent more than it may, or for which there is no memory.

        That is needed for what it sent and nothing reads, and for what it is sent and does not take.
        """
        self._recorder.counters.add("decoys_connections_cut")
        self._conn.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Record the software of a client that left before logging in, and a key that it did not sign with."""
        self._identify()
        self._record_key(success=False)
        self._pacing.end()
        self._unsent.end()

    def _identify(self) -> None:
        software = self._conn.get_extra_info("client_version")
        if software and not self._identified:
            self._identified = True
            self._recorder.emit(ClientIdentified(service=self._recorder.service, software=text(software)))

    def identify(self, username: str, sent: str) -> None:
        """Note as whom the client logs in, and the name that it sent for that: OpenSSH takes `root:x` for `root`."""
        self._identify()
        self._username, self._sent_name = username, sent

    def other_protocol(self, data: bytes) -> None:
        """Record a client that sent no version of SSH's."""
        if self._connection.other_protocol is None:
            self._connection.other_protocol = note_other_protocol(self._recorder, data)

    def keyboard_interactive(self) -> bool:
        return self._profile.keyboard_interactive

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Accept a key that an intruder planted; its signature is checked then, and `auth_completed` called."""
        planted_by = self._context.changes.key_planted_by(username, base64.b64encode(key.public_data).decode())
        if not planted_by:
            self._recorder.login(self._sent_name, success=False, method="publickey", public_key=key.get_fingerprint())
            return False
        self._offered = (key.get_fingerprint(), planted_by)
        return True

    def auth_completed(self) -> None:
        """Record a login by a planted key."""
        if not self._let_in:
            self._record_key(success=True)

    def _record_key(self, *, success: bool) -> None:
        if self._offered is not None:
            (key, planted_by), self._offered = self._offered, None
            self._recorder.login(
                self._sent_name, success=success, method="publickey", public_key=key, planted_by=planted_by
            )

    async def validate_password(self, username: str, password: str, method: str = "password") -> bool:
        """Record a try, and return whether it opens the account; a wrong one takes its time."""
        info = self._recorder.info  # a synthetic user has an account here, whatever its password is
        accepted = info.synthetic or self._credentials.accepts(info.src[0], username, password)
        planted_by = self._credentials.planted_by(username, password) if accepted else ""
        name = self._sent_name
        self._recorder.login(name, success=accepted, password=password, method=method, planted_by=planted_by)
        self._let_in = accepted
        if not accepted:
            await asyncio.sleep(self._context.settings.failure_delay_ms / 1000)
        return accepted

    def session_requested(self) -> Channel | bool:
        """Open a session channel; each beyond the first is a session of its own."""
        if self._open >= self._most_sessions:
            return False
        self._channels += 1
        self._open += 1
        recorder = self._recorder
        if self._channels > 1:
            recorder = recorder.again(f"{self._recorder.session}.{self._channels}")
        session = SessionRecorder(self._context, recorder, self._username)
        return Channel(session, self._ended, self._lease, self._unsent, self._cut)

    def _ended(self) -> None:
        self._open -= 1

    def _requested(self, action: str, **detail: object) -> None:
        named = {name: text(str(value)) for name, value in detail.items()}
        self._recorder.emit(ServiceRequest(service=self._recorder.service, action=action, detail=named))

    def listening_requested(self, action: str, where: bytes, port: int | None) -> None:
        """Record that the client wants connections to the machine forwarded to it (RFC 4254 §7.1); none comes."""
        place = {"path": text(where)} if port is None else {"host": text(where), "port": port}
        self._requested(action, **place)

    def channel_requested(self, kind: str, packet: Any) -> bool:
        """Record that the client wants a channel that it does not get; True: it tries to connect to somewhere."""
        if kind == "direct-tcpip":
            host, port, origin = packet.get_string(), packet.get_uint32(), packet.get_string()
            came_from = f"{text(origin)}:{packet.get_uint32()}"
            packet.check_end()
            self._requested(kind, host=text(host), port=port, origin=came_from)
            return True
        if kind == "direct-streamlocal@openssh.com":
            self._requested("direct-streamlocal", path=text(packet.get_string()))
        elif kind == "tun@openssh.com":
            mode, unit = packet.get_uint32(), packet.get_uint32()
            self._requested("tun" if mode == 1 else "tap", unit=None if unit == ANY_UNIT else unit)
        return False
