# SPDX-License-Identifier: MIT
"""From parsed packets to payloads of the catalogue, equal for equal findings.

They are hashable and count one, so that a window can fold equal ones.
"""

from functools import lru_cache

from decnet_core.events.catalogue import HttpClient, SshIdentification, SshKex, TcpStack
from decnet_core.text import bounded, from_wire
from decnet_sniff.protocols import hassh, stack
from decnet_sniff.protocols.muonfp import muonfp
from decnet_sniff.protocols.ssh import Ssh
from decnet_sniff.protocols.stack import Stack
from decnet_sniff.protocols.stack_match import identify
from decnet_sniff.protocols.stack_signature import signature
from decnet_sniff.sniff.http import request_head, user_agent
from decnet_sniff.sniff.packets.link import Buffer

MAX_NAME = 128
"""Bytes of one header name that are kept."""
MAX_AGENT = 1024
MOST_REMEMBERED = 128
"""Greetings of each protocol whose payload is remembered: most are the same few over and over."""
MAX_REMEMBERED = 4096
"""Bytes of a longer one that are not."""

Headers = tuple[int, int, int]
"""Where in a buffer the IP header and the TCP header begin, and where both end."""


def ssh_kex(greeting: Ssh, *, server: bool) -> SshKex:
    """Return the payload for one side of an SSH connection; `server` is the side that was connected to."""
    small = len(greeting.identification) + sum(map(len, greeting.kex)) <= MAX_REMEMBERED
    return (_known_kex if small else _kex)(greeting, server)


def _kex(greeting: Ssh, server: bool) -> SshKex:
    algorithms = hassh.server_algorithms(greeting.kex) if server else hassh.client_algorithms(greeting.kex)
    return SshKex(
        role="server" if server else "client",
        software=from_wire(greeting.identification),
        hassh=hassh.digest(algorithms),
        algorithms=from_wire(algorithms),
        host_keys=from_wire(greeting.kex.host_key),
    )


_known_kex = lru_cache(maxsize=MOST_REMEMBERED)(_kex)


def ssh_identification(line: bytes, *, server: bool) -> SshIdentification:
    """Return the identification of a side that sent no algorithms."""
    return SshIdentification(role="server" if server else "client", software=from_wire(line))


def http_client(head: request_head.Head) -> HttpClient:
    """Return the payload for the way a client writes its requests."""
    small = len(head.user_agent or b"") + sum(map(len, head.names)) <= MAX_REMEMBERED
    return (_known_client if small else _client)(head.method, head.version, head.names, head.user_agent)


def _client(method: bytes, version: bytes, names: tuple[bytes, ...], agent: bytes | None) -> HttpClient:
    return HttpClient(
        method=from_wire(method),
        version=from_wire(version),
        agent_class=user_agent.classify(agent),
        headers_hash=request_head.order_hash(names),
        headers=tuple(from_wire(name, MAX_NAME) for name in names),
        user_agent=None if agent is None else from_wire(agent, MAX_AGENT),
    )


_known_client = lru_cache(maxsize=MOST_REMEMBERED)(_client)


def seen_stack(buffer: Buffer, headers: Headers, payload: int, peer_mss: int) -> tuple[TcpStack, int] | None:
    """Return the payload for the SYN or SYN+ACK in `buffer`, and its MSS (0: none); None if it is malformed.

    `payload`: bytes that it brings; `peer_mss`: of the SYN that a SYN+ACK answers.
    """
    header, at, end = headers
    key = stack.key_of(buffer, header, at, end, payload)
    found = _seen_stacks.get((key, peer_mss))
    if found is None:
        read = stack.read(stack.Syn(bytes(buffer[header:at]), bytes(buffer[at:end]), payload))
        if read is None:
            return None
        found = tcp_stack(read, bool(buffer[at + 13] & _ACK), peer_mss), read.mss or 0
        if key is not None and stack.is_known(key):
            if len(_seen_stacks) >= _MOST_SEEN:
                _seen_stacks.clear()
            _seen_stacks[key, peer_mss] = found
    return found


_seen_stacks: dict[tuple[stack.Key | None, int], tuple[TcpStack, int]] = {}
_MOST_SEEN = 512
_ACK = 0x10


@lru_cache(maxsize=1024)
def tcp_stack(found: Stack, server: bool, peer_mss: int = 0) -> TcpStack:
    """Return the payload for a stack: of a SYN, or as `server` of a SYN+ACK to a SYN with `peer_mss` (0: unknown)."""
    identity = identify(found, server=server, peer_mss=peer_mss)
    return TcpStack(
        role="syn+ack" if server else "syn",
        signature=bounded(signature(found, peer_mss)),
        muonfp=muonfp(found),
        os=None if identity.tool else identity.name,
        os_match=identity.os_match,
        tool=identity.name if identity.tool else None,
        distance=identity.distance,
    )
