# SPDX-License-Identifier: MIT
"""What the engine is asked for: everything that a container may not do, and a digest of all that makes it another."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.decnet_core.placement.lan import decky

from decnet_core.deckies.images import Image, ImageService, catalogue
from decnet_core.placement.runtimes.container.request import REQUEST_LABEL, NetworkNamespace, request

IMAGE = Image(
    reference="localhost/pot:1", summary="", persona="nas", format="plain", services={"ssh": ImageService(22, 2222)},
    command=("/pot", "-v"), environment={"A": "b"}, capabilities=("SETUID",), writable=("/tmp",), memory_mb=64,
)  # fmt: skip
NAMESPACE = NetworkNamespace("/run/netns/decnet-x", 7)


def made(image: Image = IMAGE, namespace: NetworkNamespace = NAMESPACE, **other: Any) -> dict[str, Any]:
    return request(decky(**{"host_name": "mail.example.org", **other}), image, "cafe0001", namespace)


def test_container_is_confined() -> None:
    body = made()
    assert (body["cap_drop"], body["cap_add"], body["no_new_privileges"]) == (["ALL"], ["SETUID"], True)
    assert (body["read_only_filesystem"], body["image_volume_mode"]) == (True, "tmpfs")
    assert body["resource_limits"]["memory"] == {"limit": 64 << 20, "swap": 64 << 20}
    assert body["resource_limits"]["cpu"] == {"quota": 50_000, "period": 100_000}
    assert body["resource_limits"]["pids"] == {"limit": 64}
    assert body["netns"] == {"nsmode": "path", "value": "/run/netns/decnet-x"}
    assert [one["type"] for one in body["mounts"]] == ["tmpfs"]
    assert (body["hostname"], body["entrypoint"], body["command"]) == ("mail", ["/pot"], ["-v"])


@pytest.mark.parametrize(
    "other",
    [
        made(namespace=NetworkNamespace("/run/netns/decnet-x", 8)),
        made(msgspec.structs.replace(IMAGE, memory_mb=65)),
        made(msgspec.structs.replace(IMAGE, format="cowrie")),
        made(host_name="other"),
    ],
)
def test_another_request_has_another_digest(other: dict[str, Any]) -> None:
    assert other["labels"][REQUEST_LABEL] != made()["labels"][REQUEST_LABEL] == made()["labels"][REQUEST_LABEL]


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_each_image_of_the_catalogue_can_be_asked_for(name: str) -> None:
    assert msgspec.json.encode(made(catalogue()[name]))
