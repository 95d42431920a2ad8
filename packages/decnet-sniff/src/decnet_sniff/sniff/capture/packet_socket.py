# SPDX-License-Identifier: MIT
"""Live packets of one interface: an AF_PACKET socket (packet(7)) with a filter in the kernel, and its ring.

CAP_NET_RAW is all it needs. The socket gets its filter before it is bound, so that no packet slips through. When the
interface goes down, the kernel reports it once and reattaches the socket when it comes up; an interface that is removed
and created again is another one, and needs another socket.

The ring pays: `benchmarks/sniff.py` compares it with recvmsg(2) with timestamps.
"""

import array
import contextlib
import errno
import fcntl
import logging
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from decnet_core.exits import StartupError
from decnet_sniff.sniff.capture import packet_filter
from decnet_sniff.sniff.capture.bpf import Program, packed
from decnet_sniff.sniff.capture.packet_batch import PacketBatch
from decnet_sniff.sniff.capture.packet_filter import Network
from decnet_sniff.sniff.capture.ring import SOL_PACKET, Ring
from decnet_sniff.sniff.packets import link

log = logging.getLogger(__name__)

_ETH_P_ALL: Final = 3
_ATTACH_FILTER: Final = 26
_ADD_MEMBERSHIP, _PROMISCUOUS = 1, 1
_GET_FLAGS, _GET_INDEX, _UP = 0x8913, 0x8933, 1
_INTERFACES: Final = Path("/sys/class/net")
_LOOPBACK: Final = 772
_LINKS: Final = {
    1: link.ETHERNET,
    _LOOPBACK: link.ETHERNET,
    65534: link.RAW,
    512: link.RAW,
    768: link.RAW,
    769: link.RAW,
}
"""Link types by the kernel's hardware types (ARPHRD_): Ethernet, loopback, none (tun, WireGuard), PPP, tunnels."""


class PacketSocket:
    """One interface, open; `read` when its file descriptor is readable."""

    def __init__(self, interface: str, ignore: Sequence[Network], *, promiscuous: bool, ring_kib: int) -> None:
        self.interface = interface
        self.down = False
        """Whether the interface was down or gone at the last look."""
        self.dropped = 0
        """Packets that the kernel dropped."""
        self._ignore = ignore
        self._promiscuous = promiscuous
        self._ring_kib = ring_kib
        self._open()

    def fileno(self) -> int:
        """Return the file descriptor, which `reopen` may change."""
        return self._socket.fileno()

    def read(self) -> Iterator[PacketBatch]:
        """Yield the captured batches; each is valid until the next is requested."""
        yield from self._ring.batches(self.link)
        if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ENETDOWN and not self.down:
            self.down = True
            log.warning("interface down interface=%s", self.interface)

    def count_drops(self) -> int:
        """Return how many packets were dropped since the start."""
        with contextlib.suppress(OSError):
            self.dropped += self._ring.drops()
        return self.dropped

    def reopen(self) -> bool:
        """Check whether the interface is up again; True when it has a new socket. Call it while `down`."""
        index = _index_of(self.interface)
        if index is None:
            return False
        if index == self._index:
            if _is_up(self.interface):
                self.down = False
                log.info("interface up again interface=%s", self.interface)
            return False
        old_socket, old_ring = self._socket, self._ring
        try:
            self._open()
        except (StartupError, OSError) as error:
            log.warning("cannot listen again interface=%s: %s", self.interface, error)
            return False
        old_ring.close()
        old_socket.close()
        self.down = not _is_up(self.interface)
        log.info("interface is back interface=%s", self.interface)
        return True

    def close(self) -> None:
        self._ring.close()
        self._socket.close()

    def _open(self) -> None:
        """Open socket and ring; raises StartupError, and then leaves nothing open."""
        packets = _raw_socket()
        try:
            index, kind = _identify(packets, self.interface)
            program = packet_filter.program(_LINKS[kind], self._ignore, both_ways=kind != _LOOPBACK)
            attach(packets, program)
            ring = Ring(packets, self._ring_kib)
        except KeyError:
            packets.close()
            raise StartupError(f"interface {self.interface!r} has a kind of link that sniff does not know") from None
        except OSError as error:
            packets.close()
            raise StartupError(f"cannot listen on {self.interface!r}: {error.strerror}") from error
        except BaseException:
            packets.close()
            raise
        self._join(packets, ring, index)
        self._socket, self._ring, self._index, self.link = packets, ring, index, _LINKS[kind]

    def _join(self, packets: socket.socket, ring: Ring, index: int) -> None:
        """Begin to receive."""
        try:
            packets.bind((self.interface, _ETH_P_ALL))
            if self._promiscuous:
                packets.setsockopt(SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("IHH8s", index, _PROMISCUOUS, 0, b""))
        except OSError as error:
            ring.close()
            packets.close()
            raise StartupError(f"cannot listen on {self.interface!r}: {error.strerror}") from error


def attach(packets: socket.socket, program: Program) -> None:
    """Have the kernel filter what `packets` receives; OSError when it refuses the program."""
    code = array.array("B", packed(program))
    address, _ = code.buffer_info()
    packets.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("@HP", len(program), address))


def _raw_socket() -> socket.socket:
    try:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: nothing yet
    except PermissionError as error:
        raise StartupError(
            "sniff needs CAP_NET_RAW: run it by its unit (`decnet init`), or as root to try it"
        ) from error
    except OSError as error:
        raise StartupError(f"this system has no packet sockets: {error.strerror}") from error
    packets.setblocking(False)
    return packets


def _identify(packets: socket.socket, interface: str) -> tuple[int, int]:
    index = _index_of(interface)
    if index is None:
        there = ", ".join(sorted(path.name for path in _INTERFACES.iterdir()))
        raise StartupError(f"there is no interface {interface!r}; there are: {there}")
    packets.bind((interface, 0))
    return index, packets.getsockname()[3]


def _index_of(interface: str) -> int | None:
    answer = _asked(_GET_INDEX, interface)
    return None if answer is None else int(struct.unpack("16xi", answer[:20])[0])


def _is_up(interface: str) -> bool:
    answer = _asked(_GET_FLAGS, interface)
    return answer is not None and bool(struct.unpack("16xH", answer[:18])[0] & _UP)


def _asked(question: int, interface: str) -> bytes | None:
    """Query the kernel about an interface (netdevice(7)); by a UNIX socket, because the sandbox allows no other."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as query:
        try:
            return fcntl.ioctl(query, question, struct.pack("16s24x", interface.encode()))
        except OSError:
            return None
