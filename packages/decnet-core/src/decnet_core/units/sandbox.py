# SPDX-License-Identifier: MIT
"""The sandbox that every service of the fleet runs in, as systemd.exec(5) and systemd.resource-control(5) name it.

Everything that no worker needs is denied; a worker's class declares its needs. systemd ignores a directive that it,
or the container it runs in, cannot enforce, so the list does not depend on the machine.
"""

from collections.abc import Iterable

from decnet_core.units.job import Network
from decnet_core.units.text import Value

_ALWAYS: dict[str, Value] = {
    "UMask": "0077",  # what is shared is given its mode by the code that makes it; nothing else is shared
    "NoNewPrivileges": True,
    "ProtectSystem": "strict",
    "ProtectHome": True,
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "ProtectClock": True,
    "ProtectHostname": True,
    "ProtectKernelLogs": True,
    "ProtectKernelModules": True,
    "ProtectKernelTunables": True,
    "PrivateTmp": True,
    "PrivateDevices": True,
    "PrivateMounts": True,
    "DevicePolicy": "closed",
    "LockPersonality": True,
    "MemoryDenyWriteExecute": True,
    "RestrictNamespaces": True,
    "RestrictRealtime": True,
    "RestrictSUIDSGID": True,
    "RemoveIPC": True,
    "KeyringMode": "private",
    "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "EPERM",
    "LimitCORE": 0,
}

_OWN_MOUNTS = frozenset({
    "PrivateDevices", "PrivateMounts", "PrivateTmp", "ProcSubset", "ProtectControlGroups", "ProtectHome",
    "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectProc", "ProtectSystem",
    "ReadWritePaths",
})  # fmt: skip
"""Directives that give a service a mount namespace (systemd.exec(5), PrivateMounts=)."""


def sandbox(
    *, writable: Iterable[str], network: Network, capabilities: Iterable[str], own_ids: bool, netlink: bool = False
) -> dict[str, Value]:
    """Return the directives of a service that runs as one ordinary user.

    With `own_ids` it gets a user namespace (PrivateUsers=) that maps all other users to nobody. That is not for a
    service that must identify its peers, nor for one with capabilities, which would hold in that namespace only.
    """
    held = tuple(capabilities)
    found: dict[str, Value] = {
        **_ALWAYS,
        **addresses(network, packets="CAP_NET_RAW" in held, netlink=netlink),
        "CapabilityBoundingSet": held,
        "AmbientCapabilities": held,
        "PrivateUsers": own_ids and not held,
        "ProtectControlGroups": True,
        "SystemCallFilter": system_calls(),
        "ReadWritePaths": tuple(writable),
    }
    return _without_own_mounts(found) if "CAP_SYS_ADMIN" in held else found


def _without_own_mounts(found: dict[str, Value]) -> dict[str, Value]:
    """Return the directives for a service that mounts network namespaces where the host and its next process see them.

    Any directive that protects files gives a service a mount namespace of its own, which ends with it. Such a service
    is left with what its account may do: nothing outside the directories of the fleet.
    """
    kept: dict[str, Value] = {name: value for name, value in found.items() if name not in _OWN_MOUNTS}
    return kept | {
        "RestrictNamespaces": "net",
        "SystemCallFilter": system_calls("mount", "setns", "umount2", "unshare"),
    }


def addresses(network: Network, *, packets: bool = False, netlink: bool = False) -> dict[str, Value]:
    """Return the directives for network access.

    `packets` is for a service that captures on interfaces, `netlink` for one that looks at them or changes them.
    """
    families: tuple[str, ...] = ("AF_UNIX",) if network == "none" else ("AF_UNIX", "AF_INET", "AF_INET6")
    lines: dict[str, Value] = {
        "PrivateNetwork": network == "none" and not packets,
        "RestrictAddressFamilies": (*families, *("AF_PACKET",) * packets, *("AF_NETLINK",) * netlink),
    }
    if network != "any":
        lines["IPAddressDeny"] = "any"
    if network == "loopback":
        lines["IPAddressAllow"] = "localhost"
    return lines


def system_calls(*besides: str) -> list[str]:
    """Return the lines of SystemCallFilter; `prlimit64` is how a process reads its own limits."""
    return ["@system-service", "~@privileged @resources", " ".join(("prlimit64", *besides))]
