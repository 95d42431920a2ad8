# SPDX-License-Identifier: MIT
"""Section `[bus]`: where the bus is, and the limits and permissions of the embedded broker."""

from typing import Annotated

import msgspec

from decnet_core.state import State

MIB = 1 << 20

Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the named users and members of the named groups may do; names or numbers, subjects as NATS patterns."""

    name: str
    """Its name in messages, in `tcp_role` and `no_auth_user`, and the user that has `password`."""
    users: tuple[str, ...] = ()
    """Names or numbers of accounts."""
    groups: tuple[str, ...] = ()
    """Names or numbers of groups."""
    password: str = ""
    """With the role's name as user, what gives a client of `tcp` this role; empty: no password does."""
    publish: tuple[str, ...] = ()
    """Subjects that it may publish, e.g. notice.>; empty: none."""
    subscribe: tuple[str, ...] = ()
    """Subjects that it may subscribe to; empty: none."""


class ClientOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a client behaves; the defaults suit a worker."""

    tls_ca_file: str = ""
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    nkey_seed_file: str = ""
    max_waiting_bytes: int = 8 * MIB
    """Published and not yet sent; above it the oldest are dropped and counted."""
    dial_seconds: float = 5.0
    ping_seconds: float = 60.0
    """A connection silent for this long is pinged."""
    first_retry_seconds: float = 0.05
    max_retry_seconds: float = 2.0
    refused_retry_seconds: float = 30.0
    """After every server has refused our credentials: somebody must change something first."""


class BusSettings(msgspec.Struct, frozen=True):
    """Section `[bus]`: `url` and what begins with `tls_` or `nkey_` is for every worker, the rest for the broker."""

    url: str = ""
    """unix:///path, nats://[user:password@|token@]host:port or tls://... (commas join a cluster's members);
    empty: the embedded broker of this state directory."""
    tls_ca_file: str = ""
    """PEM file of the authorities to trust; empty: the system's."""
    tls_certificate_file: str = ""
    """PEM file of our certificate, where the cluster asks for one."""
    tls_key_file: str = ""
    """PEM file of its private key."""
    nkey_seed_file: str = ""
    """Ed25519 seed for NATS nkey authentication; needs the extra decnet-core[nkeys]."""

    socket_group: str = ""
    """The group that may open the broker's socket besides its owner; empty: the group of the process."""
    operator_group: str = ""
    """The group whose members may send orders to workers, besides root and the broker's own user."""
    roles: tuple[Role, ...] = ()
    """What particular users and groups may do; all others may do what a worker does."""
    tcp: str = ""
    """127.0.0.1:4222 or [::1]:4222 listens on the loopback as well, for tools that cannot use UNIX sockets; needs
    `tcp_token`, a role with a `password`, or `no_auth_user`."""
    tcp_token: str = ""
    """What such a tool must send; choose a long random text."""
    tcp_role: str = "worker"
    """`worker`, `operator` or one of `roles`: what the bearer of the token may do."""
    no_auth_user: str = ""
    """`worker`, `operator` or one of `roles`: what a client of `tcp` may do that shows neither token nor password, that
    is any process of this machine; empty: such a client is refused."""
    max_connections: Count = 1024
    """More are rejected."""
    max_subscriptions: Count = 1024
    """Of one connection."""
    max_payload_bytes: Annotated[int, msgspec.Meta(ge=1024, le=64 * MIB)] = MIB
    """Of one message, its headers included."""
    max_waiting_bytes: Annotated[int, msgspec.Meta(ge=65_536, le=1024 * MIB)] = 8 * MIB
    """Waiting for one slow subscriber; above it its oldest messages are dropped and counted."""
    max_total_waiting_bytes: Annotated[int, msgspec.Meta(ge=MIB, le=16_384 * MIB)] = 32 * MIB
    """Shared by all slow subscribers; each keeps 64 KiB however many there are."""
    max_held_bytes: Annotated[int, msgspec.Meta(ge=MIB, le=16_384 * MIB)] = 32 * MIB
    """Half-received messages of all connections together; beyond it, clients are disconnected."""
    max_subscribed_bytes: Annotated[int, msgspec.Meta(ge=MIB, le=16_384 * MIB)] = 32 * MIB
    """Estimated memory of all subscriptions; a client that subscribes beyond it is disconnected."""
    handshake_seconds: Seconds = 5.0
    """A connection that has not sent CONNECT by then is closed."""
    slow_seconds: Seconds = 10.0
    """A subscriber that does not read for this long is disconnected."""
    ping_seconds: Seconds = 60.0
    """How often a silent connection is pinged; two unanswered PINGs close it."""
    lame_duck_grace_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    """After SIGUSR2 the broker accepts no client and tells those it has; who has not left after this is closed."""
    lame_duck_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 120.0
    """Over how long they are closed, one after another, so that not all connect elsewhere at the same time."""

    def client_url(self, state: State) -> str:
        """Return the URL that clients connect to; StateError when the embedded broker cannot have its socket there."""
        return self.url or f"unix://{state.bus_socket}"

    @property
    def client_options(self) -> ClientOptions:
        return ClientOptions(
            tls_ca_file=self.tls_ca_file,
            tls_certificate_file=self.tls_certificate_file,
            tls_key_file=self.tls_key_file,
            nkey_seed_file=self.nkey_seed_file,
        )

    @property
    def embedded(self) -> bool:
        return not self.url
