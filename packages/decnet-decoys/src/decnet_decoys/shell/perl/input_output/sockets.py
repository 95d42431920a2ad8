# SPDX-License-Identifier: MIT
"""Perl's sockets: where a program would connect to is recorded, and fails as on a network without a way out."""

from __future__ import annotations

import re

from decnet_decoys.shell.budget import BudgetExceededError
from decnet_decoys.shell.effects import Pause, Requested, Steps
from decnet_decoys.shell.perl.evaluator import paired
from decnet_decoys.shell.perl.formats import packed, unpacked
from decnet_decoys.shell.perl.input_output.files import Files
from decnet_decoys.shell.perl.values import Handle, Value, integer, text, to_shell

_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
CONSTANTS = {"PF_INET": 2, "AF_INET": 2, "SOCK_STREAM": 1, "SOCK_DGRAM": 2, "SOL_SOCKET": 1, "SO_REUSEADDR": 2,
             "INADDR_ANY": "\0\0\0\0", "INADDR_LOOPBACK": "\x7f\0\0\1", "SOMAXCONN": 4096, "IPPROTO_TCP": 6,
             "WNOHANG": 1, "LOCK_EX": 2, "LOCK_NB": 4, "O_RDONLY": 0, "SEEK_SET": 0}  # fmt: skip


class Sockets(Files):
    """Makes sockets that never connect to anything."""

    def reached(self, host: str, port: int, protocol: str = "tcp") -> Steps[int]:
        """Record where a connection was to go; returns the number of the error, 0 if there is none."""
        host = host[:253]
        yield Requested("connect", {"program": "perl", "target": f"{host}:{port}"})
        machine = self.shell.machine
        own = host.startswith("127.") or host in ("localhost", machine.hostname, machine.address)
        if not own and not _ADDRESS.fullmatch(host):
            yield Pause(1.0)
            return 22
        if own or protocol == "udp":
            return 0 if protocol == "udp" else 111
        yield Pause(2.0)
        return 110

    def new_socket(self, values: list[Value]) -> Steps[Value]:
        """Return what IO::Socket::INET->new does: a handle, or undef with $! and $@ set."""
        if len(values) == 1:
            values = ["PeerAddr", values[0]]
        given = {key.lower(): value for key, value in paired(values).items()}
        peer = to_shell(given.get("peeraddr") or given.get("peerhost") or "")
        host, _, port = peer.partition(":")
        handle = Handle("SOCK")
        if not host:
            return handle
        number = integer(given.get("peerport") or re.sub(r"\D.*", "", port) or 0, 65535)
        error = yield from self.reached(host, number, text(given.get("proto") or "tcp"))
        if error:
            self.failed(error)
            self.memory.scalar("@").value = f"IO::Socket::INET: connect: {text(self.memory.scalar('!').value)}"
            return None
        handle.out = self.call.runner.buffer()
        return handle

    def connected(self, packed_address: Value) -> Steps[Value]:
        """Do what connect() does with a packed address."""
        whole = text(packed_address)
        port, *rest = unpacked("x2nC4", whole) or [0]
        error = yield from self.reached(".".join(map(str, rest)), integer(port))
        return self.failed(error) if error else 1

    def address(self, host: str) -> Steps[Value]:
        """Return what inet_aton does: four bytes, or undef for a name that is not known."""
        machine = self.shell.machine
        known = {"localhost": "127.0.0.1", machine.hostname: machine.address}
        host = known.get(host, host)
        if _ADDRESS.fullmatch(host):
            return packed("C4", list(host.split(".")))
        yield Requested("connect", {"program": "perl", "target": host[:253]})
        yield Pause(1.0)
        return None

    def waited(self) -> Value:
        """Wait for what never comes."""
        raise BudgetExceededError
