# SPDX-License-Identifier: MIT
"""What the engine is asked for: the container of a decky, with everything taken away that a honeypot does not need. Pure.

It has no capability but those that the catalogue grants, gets no new privileges, writes nowhere but in memory, and has
no mount, device or socket of the host. Its network is the decky's namespace, whose packet filter lets only answers out.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from decnet_core.deckies.images import DECKY_LABEL, FORMAT_LABEL, Image
from decnet_workers.reconciler.desired import DesiredDecky

FLEET_LABEL = "decnet.fleet"
NAMESPACE_LABEL = "decnet.namespace"
REQUEST_LABEL = "decnet.request"
"""The label with the digest of what was asked for: a container with another one is made anew."""

_MIB = 1 << 20
_OPEN_FILES = 4096
_TMPFS_BYTES = 64 * _MIB
_LOG = {"max-size": "16m"}


def container_name(fleet: str, decky: str) -> str:
    return f"decnet-{fleet}-{decky}"


def fleet_label(fleet: str) -> str:
    """Return the label that all containers of a fleet have."""
    return f"{FLEET_LABEL}={fleet}"


class Place(NamedTuple):
    """The network namespace of a decky: its path, and the number by which another one of that path is told from it."""

    path: str
    inode: int


def request(decky: DesiredDecky, image: Image, fleet: str, place: Place) -> dict[str, Any]:
    """Return the body of the request.

    https://docs.docker.com/reference/api/engine/, ContainerCreate; a network mode `ns:PATH` is Podman's.
    """
    labels = {
        FLEET_LABEL: fleet,
        DECKY_LABEL: decky.name,
        FORMAT_LABEL: image.format,
        NAMESPACE_LABEL: str(place.inode),
    }
    body: dict[str, Any] = {
        "Image": image.reference,
        "Hostname": decky.host_name.partition(".")[0],
        "Env": [f"{name}={value}" for name, value in sorted(image.environment.items())],
        "HostConfig": _limits(image, place.path),
        "Labels": labels,
    }
    if image.command:
        body |= {"Entrypoint": list(image.command[:1]), "Cmd": list(image.command[1:])}
    if image.user:
        body["User"] = image.user
    return body | {"Labels": labels | {REQUEST_LABEL: _digest(body)}}


def in_memory(body: dict[str, Any], volumes: Iterable[str]) -> dict[str, Any]:
    """Return the request with an image's own volumes in memory: the engine would put them on the host's disk."""
    host = body["HostConfig"]
    return body | {"HostConfig": host | {"Tmpfs": dict.fromkeys(volumes, _tmpfs(host["Memory"])) | host["Tmpfs"]}}


def _limits(image: Image, namespace: str) -> dict[str, Any]:
    memory = image.memory_mb * _MIB
    return {
        "NetworkMode": f"ns:{namespace}",
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": round(image.cpus * 1_000_000_000),
        "PidsLimit": image.processes,
        "CapDrop": ["ALL"],
        "CapAdd": list(image.capabilities),
        "SecurityOpt": ["no-new-privileges"],
        "ReadonlyRootfs": image.read_only,
        "Tmpfs": dict.fromkeys(image.writable, _tmpfs(memory)),
        "Ulimits": [{"Name": "nofile", "Soft": _OPEN_FILES, "Hard": _OPEN_FILES}],
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": _LOG},
        "Dns": ["127.0.0.1"],
    }


def _tmpfs(memory: int) -> str:
    return f"rw,nosuid,nodev,size={min(_TMPFS_BYTES, memory // 2)},mode=1777"


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()[:32]
