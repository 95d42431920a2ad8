# SPDX-License-Identifier: MIT
"""From parsed packets to payloads of the catalogue, equal for equal findings.

They are hashable and count one, so that a window can fold equal ones.
"""

from functools import lru_cache

from decnet_core.events.catalogue import HttpClient, SshIdentification, SshKex, TcpStack
from decnet_core.text import bounded, from_wire
from decnet_sniff.protocols import hassh
from decnet_sniff.protocols.muonfp import muonfp
from decnet_sniff.protocols.ssh import Ssh
from decnet_sniff.protocols.stack import Stack
from decnet_sniff.protocols.stack_match import identify
from decnet_sniff.protocols.stack_signature import signature
from decnet_sniff.sniff.http import request_head, user_agent

MAX_NAME = 128
"""Bytes of one header name that are kept."""
MAX_AGENT = 1024


def ssh_kex(greeting: Ssh, *, server: bool) -> SshKex:
    """Return the payload for one side of an SSH connection; `server` is the side that was connected to."""
    algorithms = hassh.server_algorithms(greeting.kex) if server else hassh.client_algorithms(greeting.kex)
    return SshKex(
        role="server" if server else "client",
        software=from_wire(greeting.identification),
        hassh=hassh.digest(algorithms),
        algorithms=from_wire(algorithms),
        host_keys=from_wire(greeting.kex.host_key),
    )


def ssh_identification(line: bytes, *, server: bool) -> SshIdentification:
    """Return the identification of a side that sent no algorithms."""
    return SshIdentification(role="server" if server else "client", software=from_wire(line))


def http_client(head: request_head.Head) -> HttpClient:
    """Return the payload for the way a client writes its requests."""
    return HttpClient(
        method=from_wire(head.method),
        version=from_wire(head.version),
        agent_class=user_agent.classify(head.user_agent),
        headers_hash=request_head.order_hash(head.names),
        headers=tuple(from_wire(name, MAX_NAME) for name in head.names),
        user_agent=None if head.user_agent is None else from_wire(head.user_agent, MAX_AGENT),
    )


@lru_cache(maxsize=1024)
def tcp_stack(stack: Stack, server: bool, peer_mss: int = 0) -> TcpStack:
    """Return the payload for a stack: of a SYN, or as `server` of a SYN+ACK to a SYN with `peer_mss` (0: unknown)."""
    identity = identify(stack, server=server, peer_mss=peer_mss)
    return TcpStack(
        role="syn+ack" if server else "syn",
        signature=bounded(signature(stack, peer_mss)),
        muonfp=muonfp(stack),
        os=None if identity.tool else identity.name,
        os_match=identity.os_match,
        tool=identity.name if identity.tool else None,
        distance=identity.distance,
    )
