# SPDX-License-Identifier: MIT
"""What the engine is asked for: the container of a decky, with all taken away that a honeypot does not need. Pure.

It has no capability but those that the catalogue grants, gets no new privileges, writes nowhere but in memory, and has
no mount, device or socket of the host, nor its host names or name servers. Its network is the decky's namespace, whose
packet filter lets only answers out.
"""

import hashlib
from typing import Any, NamedTuple

import msgspec

from decnet_core.deckies.images import Image
from decnet_core.deckies.labels import DECKY_LABEL, FORMAT_LABEL
from decnet_core.placement.desired import DesiredDecky

FLEET_LABEL = "decnet.fleet"
NAMESPACE_LABEL = "decnet.namespace"
REQUEST_LABEL = "decnet.request"
"""The label with the digest of what was asked for: a container with another one is made anew."""

_MIB = 1 << 20
_LIMITS = {"nofile": 4096, "nproc": 4096}
"""Of one process, and of a user of this host; the engine's defaults are those of root, which not every host allows."""
_TMPFS_BYTES = 64 * _MIB
_LOG_BYTES = 16 * _MIB
_PERIOD_US = 100_000


class NetworkNamespace(NamedTuple):
    """The network namespace of a decky: its path, and the number by which another one of that path is told from it."""

    path: str
    inode: int


def container_name(fleet: str, decky: str) -> str:
    return f"decnet-{fleet}-{decky}"


def fleet_label(fleet: str) -> str:
    """Return the label that all containers of a fleet have."""
    return f"{FLEET_LABEL}={fleet}"


def request(decky: DesiredDecky, image: Image, fleet: str, namespace: NetworkNamespace) -> dict[str, Any]:
    """Return the body of the request (SpecGenerator of https://docs.podman.io/en/latest/_static/api.html)."""
    body: dict[str, Any] = {
        "name": container_name(fleet, decky.name),
        "image": image.reference,
        "hostname": decky.host_name.partition(".")[0],
        "env": image.environment,
        "labels": {
            FLEET_LABEL: fleet,
            DECKY_LABEL: decky.name,
            FORMAT_LABEL: image.format,
            NAMESPACE_LABEL: str(namespace.inode),
        },
        "netns": {"nsmode": "path", "value": namespace.path},
        "use_image_hosts": True,
        "use_image_resolve_conf": True,
        "restart_policy": "no",
        "stop_timeout": 0,
        "log_configuration": {"driver": "k8s-file", "size": _LOG_BYTES},
        **_confinement(image),
    }
    if image.command:
        body |= {"entrypoint": list(image.command[:1]), "command": list(image.command[1:])}
    if image.user:
        body["user"] = image.user
    body["labels"][REQUEST_LABEL] = _digest(body)
    return body


def _confinement(image: Image) -> dict[str, Any]:
    memory = image.memory_mb * _MIB
    options = ["rw", "nosuid", "nodev", f"size={min(_TMPFS_BYTES, memory // 2)}", "mode=1777"]
    return {
        "cap_drop": ["ALL"],
        "cap_add": list(image.capabilities),
        "no_new_privileges": True,
        "read_only_filesystem": image.read_only,
        "image_volume_mode": "tmpfs",
        "mounts": [{"destination": path, "type": "tmpfs", "options": options} for path in image.writable],
        "resource_limits": {
            "memory": {"limit": memory, "swap": memory},
            "cpu": {"quota": round(image.cpus * _PERIOD_US), "period": _PERIOD_US},
            "pids": {"limit": image.processes},
        },
        "r_limits": [{"type": name, "soft": limit, "hard": limit} for name, limit in _LIMITS.items()],
    }


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()[:32]
