# SPDX-License-Identifier: MIT
"""The key exchange of one connection, as a dialect has it: what is offered, chosen and refused.

asyncssh has no hooks for that, so its private methods are replaced.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from typing import Any

from decnet_decoys.ssh.behaviour.dialect import KEXINIT, NEWKEYS
from decnet_decoys.ssh.behaviour.sending import Sending
from decnet_decoys.ssh.engine import asyncssh

_packet: Any = sys.modules["asyncssh.packet"]
_kex_dh: Any = sys.modules["asyncssh.kex_dh"]

LEAST_BITS_SET = 4
GROUP_BITS = (2048, 8192)
"""DH_GRP_MIN and DH_GRP_MAX of OpenSSH's dh.h."""


class KeyExchange(Sending):
    """The part of a connection that changes keys."""

    def _expected_message(self) -> int:
        """Return the message that the key exchange waits for; 0: none."""
        if self._next_recv_encryption is not None:
            return NEWKEYS
        kex: Any = self._kex
        if kex is None:
            return 0 if self._recv_encryption is not None else KEXINIT
        waits_for_group = isinstance(kex, _kex_dh._KexDHGex) and not kex._p
        return int(kex._request_type if waits_for_group else kex._init_type)

    def _check_group(self, kind: int, packet: Any) -> None:
        """Refuse groups that OpenSSH refuses (kexgexs.c); `kind` is a request for one."""
        kex: Any = self._kex
        if kind == NEWKEYS or not isinstance(kex, _kex_dh._KexDHGex) or kind != kex._request_type:
            return
        sizes = packet.get_remaining_payload()
        least, wanted, most = (int.from_bytes(sizes[at : at + 4], "big") for at in (0, 4, 8))
        if not least <= wanted <= most or most < GROUP_BITS[0] or least > GROUP_BITS[1]:
            raise asyncssh.ProtocolError("no such group")

    def _check_public(self, kind: int, packet: Any) -> None:
        """Refuse a client's number of which too few bits are set (dh_pub_is_valid() of OpenSSH's dh.c).

        And a point of NIST's curves that is not sent in full, as both real servers do.
        """
        kex: Any = self._kex
        if kind != NEWKEYS and kex.algorithm.startswith(b"ecdh-") and packet.get_remaining_payload()[4:5] != b"\x04":
            raise asyncssh.ProtocolError("no such point")
        if kind == NEWKEYS or not self._dialect.reads_all or not isinstance(kex, _kex_dh._KexDH | _kex_dh._KexDHGex):
            return
        content = packet.get_remaining_payload()
        if kind == kex._init_type and int.from_bytes(content[4:], "big").bit_count() < LEAST_BITS_SET:
            raise asyncssh.ProtocolError("no such number")

    async def _offered(self, packet: Any) -> None:
        """Handle a KEXINIT; of a wrong guess the next packet is skipped (RFC 4253 §7)."""
        offered = _lists(packet.get_full_payload())
        if self._recv_encryption is not None:
            if not (self._auth_complete or self._dialect.changes_keys_early):
                raise asyncssh.ProtocolError("new keys before a login")
            for own, theirs in zip(_lists(self._server_kexinit), offered, strict=True):
                if own:
                    self._choose_alg("new", own, theirs)  # before any answer to it
        try:
            await self._process_kexinit(KEXINIT, self._recv_seq, packet)
        except asyncssh.ProtocolError as error:
            raise (self._dialect.strict_violated() if "KEXINIT was not" in error.reason else error) from None
        guesses = [names[:1] for names in offered[:2]] == [names[:1] for names in _lists(self._server_kexinit)[:2]]
        self._ignore_first_kex = packet.get_full_payload()[-5:-4] != b"\0" and not guesses

    def _choose_alg(self, alg_type: str, local_algs: Sequence[bytes], remote_algs: Sequence[bytes]) -> bytes:
        # A client may offer a hundred thousand names, each of which is looked for in turn.
        known = frozenset(local_algs)
        offered = [name for name in self._dialect.names(list(remote_algs)) if name in known]
        return super()._choose_alg(alg_type, local_algs, offered)

    def choose_server_host_key(self, peer_host_key_algs: Sequence[bytes]) -> bool:
        """Choose a key of those that were offered; a copy, for which algorithm signs is kept in it."""
        for name in peer_host_key_algs:
            pair = self._server_host_keys.get(name) if name in (self._server_host_key_algs or ()) else None
            if pair is not None:
                self._server_host_key = copy.copy(pair)
                if name != pair.algorithm:
                    self._server_host_key.set_sig_algorithm(name)
                return True
        return False


def _lists(kexinit: bytes) -> list[list[bytes]]:
    """Return the algorithms of a KEXINIT: all lists but those of languages."""
    packet = _packet.SSHPacket(kexinit[17:])
    return [packet.get_namelist() for _ in range(8)]
