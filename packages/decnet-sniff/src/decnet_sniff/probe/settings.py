# SPDX-License-Identifier: MIT
"""Section `[probe]`: whether to probe, which hosts, for what, and how rarely."""

from typing import Annotated, ClassVar, Final

import msgspec

from decnet_core.net.addresses import Network, parse_network
from decnet_sniff.probe.safety import Plan

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]

_HOUR: Final = 3600
_DAY: Final = 86_400
MOST_PORTS: Final = 16
MOST_NETWORKS: Final = 256


class ProbeSettings(msgspec.Struct, frozen=True):
    """Section `[probe]`; the worker is off until `enabled` is true. After switching it on, run `decnet init` again."""

    RENAMED: ClassVar[dict[str, str]] = {
        "connections_per_visit": "connections_per_probe",
        "visit_seconds": "probe_seconds",
    }

    enabled: bool = False
    """Whether hosts that contacted a decoy are probed. Law and contract must allow it where you are."""
    allow: tuple[str, ...] = ()
    """Networks that are probed although they are private or otherwise not public, in CIDR notation."""
    deny: tuple[str, ...] = ()
    """Networks that are never probed: customers, partners, our own public addresses."""
    only: tuple[str, ...] = ()
    """If set, only these networks are probed."""
    tls_ports: tuple[Port, ...] = (443, 8443)
    """Ports probed for TLS: JARM takes ten connections, the certificate one."""
    ssh_ports: tuple[Port, ...] = (22, 2222)
    """Ports probed for SSH: one connection."""
    stack: bool = True
    """Whether a raw SYN fingerprints the TCP/IP stack; the worker then needs CAP_NET_RAW."""
    connections_per_second: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 2.0
    """Connections per second to all hosts together, on average ..."""
    burst: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20
    """... and at once."""
    connections_per_probe: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 32
    """Connections to one host in one probe."""
    at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    """Hosts that are probed at the same time."""
    answer_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    """How long one connection may take, from SYN to answer."""
    probe_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 120.0
    """How long one probe of one host may take."""
    again_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 24.0
    """A host is probed again after this time; one that never answers, up to eight times as rarely."""
    keep_days: Annotated[float, msgspec.Meta(gt=0, le=3650)] = 7.0
    """A host that has not contacted us for this long is no longer probed."""
    targets: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 2048
    """Hosts that are remembered; each takes about 1 KiB."""
    ssh_identification: Annotated[str, msgspec.Meta(pattern=r"\ASSH-2\.0-[!-~ ]{1,200}\Z")] = "SSH-2.0-OpenSSH_9.6"
    """Identification string sent to SSH servers."""

    def __post_init__(self) -> None:
        for key in ("allow", "deny", "only"):
            if len(getattr(self, key)) > MOST_NETWORKS:
                raise ValueError(f"{key}: at most {MOST_NETWORKS} networks")
            self.networks(key)
        for key in ("tls_ports", "ssh_ports"):
            if len(getattr(self, key)) > MOST_PORTS:
                raise ValueError(f"{key}: at most {MOST_PORTS} ports")

    def networks(self, key: str) -> tuple[Network, ...]:
        """Return the networks of `allow`, `deny` or `only`; raises ValueError."""
        try:
            return tuple(parse_network(text, strict=True) for text in getattr(self, key))
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error

    @property
    def plan(self) -> Plan:
        """When hosts are probed again."""
        return Plan(int(self.again_hours * _HOUR), int(self.keep_days * _DAY))
