# SPDX-License-Identifier: MIT
"""Login to one decky (RFC 4252): every attempt is recorded before its answer; forwarding is recorded and rejected."""

import asyncio
import base64
from typing import Any

from decnet_core.events.catalogue import ClientIdentified, ServiceRequest
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder, text
from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.ssh import kex_steps
from decnet_decoys.ssh.channel import Channel
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.options import apply_profile
from decnet_decoys.ssh.pacing import Pacing, UnsentOutput
from decnet_decoys.ssh.profile import SshProfile

MAX_TRIES = 6
"""OpenSSH's default MaxAuthTries."""
MAX_CHANNELS = 10
"""OpenSSH's default MaxSessions: open at a time."""
DISCONNECT_PROTOCOL_ERROR = 2


class Login(asyncssh.SSHServer):
    """What asyncssh calls for one connection."""

    def __init__(
        self,
        context: DeckyContext,
        profile: SshProfile,
        credentials: CredentialPolicy,
        recorder: ConnectionRecorder,
        lease: MemoryLease,
    ) -> None:
        self._lease = lease
        self._context = context
        self._profile = profile
        self._credentials = credentials
        self._recorder = recorder
        self._identified = False
        self._tries = 0
        self._username = ""
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
        self._pacing = Pacing(conn, self._context.settings.limits.session_bytes, self._unsent, self._cut)

    def _cut(self) -> None:
        """Disconnect a client that has sent more than it may, or for which there is no memory.

        That is needed for what it sent and nothing reads, and for what it is sent and does not take.
        """
        self._recorder.counters.add("decoys_connections_cut")
        self._conn.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Record the software of a client that left before logging in."""
        self._identify()
        self._pacing.end()
        self._unsent.end()

    def _identify(self) -> None:
        software = self._conn.get_extra_info("client_version")
        if software and not self._identified:
            self._identified = True
            self._recorder.emit(ClientIdentified(service=self._recorder.service, software=text(software)))

    def begin_auth(self, username: str) -> bool:
        self._identify()
        self._username = username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        """Offer public keys, so that clients show theirs; only those that intruders planted are accepted."""
        return True

    def kbdint_auth_supported(self) -> bool:
        return self._profile.keyboard_interactive

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Accept a key that an intruder planted; asyncssh checks the signature then, and calls `auth_completed`."""
        planted_by = self._context.changes.key_planted_by(username, base64.b64encode(key.public_data).decode())
        if not planted_by:
            self._recorder.login(username, success=False, method="publickey", public_key=key.get_fingerprint())
            return False
        self._offered = (key.get_fingerprint(), planted_by)
        return True

    def auth_completed(self) -> None:
        """Record a login by a planted key."""
        if self._offered is not None and not self._let_in:
            fingerprint, planted_by = self._offered
            self._recorder.login(
                self._username, success=True, method="publickey", public_key=fingerprint, planted_by=planted_by
            )

    async def validate_password(self, username: str, password: str) -> bool:
        return await self._judge(username, password, "password")

    def get_kbdint_challenge(self, _username: str, _lang: str, _submethods: str) -> Any:
        """Ask for the password, as PAM does."""
        return "", "", "", [("Password: ", False)]

    async def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        return await self._judge(username, str(responses[0]) if responses else "", "keyboard-interactive")

    async def _judge(self, username: str, password: str, method: str) -> bool:
        info = self._recorder.info  # a synthetic user has an account here, whatever its password is
        accepted = info.synthetic or self._credentials.accepts(info.src[0], username, password)
        planted_by = self._credentials.planted_by(username, password) if accepted else ""
        self._recorder.login(username, success=accepted, password=password, method=method, planted_by=planted_by)
        self._let_in = accepted
        if not accepted:
            await asyncio.sleep(self._context.settings.failure_delay_ms / 1000)
            self._tries += 1
            if self._tries >= MAX_TRIES:
                self._conn.disconnect(DISCONNECT_PROTOCOL_ERROR, "Too many authentication failures", "")
        return accepted

    def session_requested(self) -> Channel | bool:
        """Open a session channel; each beyond the first is a session of its own."""
        if self._open >= MAX_CHANNELS:
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

    def _rejected(self, action: str, **detail: object) -> bool:
        named = {name: text(str(value)) for name, value in detail.items()}
        self._recorder.emit(ServiceRequest(service=self._recorder.service, action=action, detail=named))
        return False

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        """Refuse to forward a connection (RFC 4254 §7.2)."""
        return self._rejected("direct-tcpip", host=dest_host, port=dest_port, origin=f"{orig_host}:{orig_port}")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        """Refuse to listen (RFC 4254 §7.1)."""
        return self._rejected("tcpip-forward", host=listen_host, port=listen_port)

    def unix_connection_requested(self, dest_path: str) -> bool:
        return self._rejected("direct-streamlocal", path=dest_path)

    def unix_server_requested(self, listen_path: str) -> bool:
        return self._rejected("streamlocal-forward", path=listen_path)

    def tun_requested(self, unit: int | None) -> bool:
        return self._rejected("tun", unit=unit)

    def tap_requested(self, unit: int | None) -> bool:
        return self._rejected("tap", unit=unit)
