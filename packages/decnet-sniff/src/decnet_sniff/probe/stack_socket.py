# SPDX-License-Identifier: MIT
"""Fingerprints a TCP/IP stack: raw sockets are opened here and passed to a child, which alone writes and reads them.

So CAP_NET_RAW is used for two system calls, its holder reads nothing from the network, and the child needs no
capability at all, however the worker is hosted.
"""

import asyncio
import contextlib
import socket
import struct
import sys
from array import array
from typing import Final

from decnet_sniff.probe.stack_child import MSS
from decnet_sniff.protocols.stack import Stack, Syn, read

_ETH_P_IP, _ETH_P_IPV6 = 0x0800, 0x86DD
_SO_ATTACH_FILTER = 26
_LOAD_WORD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_GRACE: Final = 5.0
"""Seconds that a child gets on top of its timeout, to start and to end."""
PEER_MSS: Final = MSS


async def ask_stack(address: str, port: int, seconds: float) -> Stack | None:
    """Return the stack that answers at `address`, None if nothing does; PermissionError without CAP_NET_RAW."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.ExitStack() as stack:
        reserved = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        own = _own_address(family, address)
        reserved.bind((own, 0))  # reserves the port; without a listener, the kernel answers the SYN+ACK with RST
        sender = stack.enter_context(socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP))
        catcher = stack.enter_context(_catcher(family, address))
        numbers = (sender.fileno(), catcher.fileno())
        arguments = (*map(str, numbers), own, address, str(reserved.getsockname()[1]), str(port), str(seconds))
        output = await _run(arguments, numbers, seconds + _GRACE)
    return _read(output)


def _own_address(family: socket.AddressFamily, address: str) -> str:
    """Return the local address from which `address` is reached; raises OSError when it is not."""
    with socket.socket(family, socket.SOCK_DGRAM) as route:
        route.connect((address, 9))
        return str(route.getsockname()[0])


def _catcher(family: socket.AddressFamily, address: str) -> socket.socket:
    """Return a packet socket that receives only what `address` sends."""
    protocol, source = (_ETH_P_IP, 12) if family == socket.AF_INET else (_ETH_P_IPV6, 8)
    catcher = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(protocol))
    try:
        program = only_from(socket.inet_pton(family, address), source)
        held = array("B", program)
        head = struct.pack("HL", len(program) // 8, held.buffer_info()[0])
        catcher.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)
    except OSError:
        catcher.close()
        raise
    return catcher


def only_from(address: bytes, offset: int) -> bytes:
    """Return the classic BPF program (linux/filter.h) that accepts packets with `address` at `offset`."""
    words = struct.unpack(f"!{len(address) // 4}I", address)
    left = 2 * len(words)
    program = b""
    for place, word in enumerate(words):
        left -= 2
        program += struct.pack("HBBI", _LOAD_WORD, 0, 0, offset + 4 * place)
        program += struct.pack("HBBI", _JUMP_EQUAL, 0, left + 1, word)
    return program + struct.pack("HBBI", _RETURN, 0, 0, 0xFFFF) + struct.pack("HBBI", _RETURN, 0, 0, 0)


async def _run(arguments: tuple[str, ...], descriptors: tuple[int, ...], seconds: float) -> bytes:
    """Return the child's output; it is killed when it is late or its result is no longer awaited."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "decnet_sniff.probe.stack_child", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        pass_fds=descriptors,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            output, _ = await child.communicate()
            return output
    except TimeoutError:
        return b""
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.communicate()


def _read(output: bytes) -> Stack | None:
    """Parse the headers that the child wrote."""
    parts = output.split()
    if len(parts) != 2:
        return None
    return read(Syn(bytes.fromhex(parts[0].decode()), bytes.fromhex(parts[1].decode()), 0))
