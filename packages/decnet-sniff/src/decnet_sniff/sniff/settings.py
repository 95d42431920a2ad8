# SPDX-License-Identifier: MIT
"""Section `[sniff]`: where to listen, what to ignore, how much to remember."""

import ipaddress
from typing import Annotated, ClassVar

import msgspec

from decnet_sniff.sniff.capture.packet_filter import MOST_IGNORED, Network
from decnet_sniff.sniff.scan.detector import ScanSettings

Interface = Annotated[str, msgspec.Meta(min_length=1, max_length=15, pattern=r"^[^\s/]+$")]


class SniffSettings(msgspec.Struct, frozen=True):
    """Section `[sniff]`; the worker is off until `interfaces` is set. After setting it, run `decnet init` again."""

    RENAMED: ClassVar[dict[str, str]] = {"home": "own_networks"}

    interfaces: tuple[Interface, ...] = ()
    """Network interfaces to listen on, e.g. ["eth0"]."""
    promiscuous: bool = True
    """Whether to capture packets for other hosts, too."""
    ignore: tuple[str, ...] = ()
    """Networks whose traffic is ignored, in CIDR notation: this sensor's own, monitoring. At most 16."""
    own_networks: tuple[str, ...] = ()
    """Networks that are ours, such as those of deckies: what they send is not reported, what is sent to them is."""
    window_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 10
    """The same finding is reported once in this time, with how often it was seen."""
    flows: Annotated[int, msgspec.Meta(ge=64, le=1_000_000)] = 2048
    """TCP connections that are remembered, and as many UDP flows; each takes about 1 KiB."""
    idle_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 300
    """A connection without packets for this long is over."""
    ring_kib: Annotated[int, msgspec.Meta(ge=256, le=1 << 20)] = 2048
    """Memory for captured packets that this process has not read yet, per interface."""
    scan: ScanSettings = ScanSettings()
    """What counts as a scan."""

    def __post_init__(self) -> None:
        if len(self.ignore) > MOST_IGNORED:
            raise ValueError(f"ignore: at most {MOST_IGNORED} networks")
        self.ignored()
        self.own()

    def ignored(self) -> tuple[Network, ...]:
        return tuple(_network("ignore", text) for text in self.ignore)

    def own(self) -> tuple[Network, ...]:
        return tuple(_network("own_networks", text) for text in self.own_networks)


def _network(key: str, text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
