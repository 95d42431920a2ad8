# SPDX-License-Identifier: MIT
"""Deckies that are containers of existing honeypot images.

The network of one is a namespace that `netns` makes: MAC and IP addresses, packet filter and TCP/IP personality are the
same. The image listens where it wants; the packet filter leads the ports of the decky there. The container itself is
marked by labels; one that nobody wants is removed, one that has ended is started again, and one that is not as it would
be made now is made anew.

Podman is needed: Docker cannot start a container in a namespace that is there already.
"""

import contextlib
import socket
import time
from collections.abc import Container as Collection
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from decnet_core.deckies.images import CatalogueError, Image, catalogue, image_called
from decnet_core.deckies.labels import DECKY_LABEL
from decnet_core.placement.desired import DesiredDecky, Service
from decnet_core.placement.runtimes.container.engine import Engine, EngineError, Listed
from decnet_core.placement.runtimes.container.request import (
    REQUEST_LABEL,
    NetworkNamespace,
    container_name,
    fleet_label,
    request,
)
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed
from decnet_core.timing.timestamps import parse_iso8601

STARTING_SECONDS = 60
"""A container may take so long until it listens; one that does not by then is started again."""
_WATCHED_SECONDS, _LOOK_SECONDS = 3.0, 0.1
"""How long a new container is watched for an early end, and how often it is looked at."""


class ContainerRuntime:
    """The containers of one fleet, each in a namespace of `netns`."""

    several_at_once: ClassVar[bool] = False

    def __init__(self, netns: Netns, engine: Engine, fleet: str, own_images: Path | None) -> None:
        """`own_images` is the operator's own catalogue of images, if there is one."""
        self._netns = netns
        self._engine = engine
        self._fleet = fleet
        self._own_images = own_images

    def inspect(self, deckies: Sequence[DesiredDecky]) -> dict[str, Observed]:
        """Return what is there of each decky.

        Of one without a namespace there is no container: it is made after the namespace and removed before it. So a
        decky that was never made can go, even if the engine has gone.
        """
        if not deckies:
            return {}
        images = self._images()
        placed = [_placed(one, images) for one in deckies]
        networks = self._netns.inspect(placed)
        try:
            listed = self._listed()
        except EngineError as error:
            return {
                name: Observed(network.present, (str(error),), serves_itself=True) for name, network in networks.items()
            }
        return {one.name: self._observed(one, images, networks[one.name], listed.get(one.name, [])) for one in placed}

    def conflicts(self, deckies: Sequence[DesiredDecky]) -> dict[str, str]:
        return self._netns.conflicts(deckies)

    def start(self, decky: DesiredDecky) -> None:
        images = self._images()
        image, placed = _image(decky, images), _placed(decky, images)
        if image is None:
            raise RuntimeFailed(_unknown(decky))
        self._refuse_missing(image)
        self._netns.start(placed)
        body = request(decky, image, self._fleet, self._namespace(decky))
        current = self._current(decky, body)
        if current is not None and current.state != "running":
            self._run(placed, current.id)
        elif current is None or self._is_silent(placed, current.id):
            self._make(placed, body, current)

    def stop(self, decky: DesiredDecky) -> None:
        self.remove(decky.name)

    def sockets(self, decky: DesiredDecky, kept: Collection[object]) -> list[socket.socket | None]:  # noqa: ARG002
        """Return none: the image opens its own."""
        return []

    def introduce(self) -> None:
        """Do nothing: a container has no such sockets."""

    def orphans(self, deckies: Sequence[DesiredDecky]) -> list[str]:
        found = set(self._netns.orphans(deckies))
        if self._engine.is_there:
            found |= set(self._listed()) - {one.name for one in deckies}
        return sorted(found)

    def remove(self, mark: str) -> None:
        """Remove a decky's containers, then its namespace."""
        for one in self._listed().get(mark, ()):
            self._engine.remove(one.id)
        self._netns.remove(mark)

    def _images(self) -> dict[str, Image]:
        try:
            return catalogue(self._own_images)
        except CatalogueError as error:
            raise RuntimeFailed(str(error)) from error

    def _listed(self) -> dict[str, list[Listed]]:
        """Return this fleet's containers by decky."""
        found: dict[str, list[Listed]] = {}
        for one in self._engine.containers(fleet_label(self._fleet)):
            found.setdefault(one.labels.get(DECKY_LABEL, ""), []).append(one)
        return found

    def _refuse_missing(self, image: Image) -> None:
        """Refuse an image that is not on this host: nothing is fetched without being asked for."""
        if not self._engine.is_podman():
            raise RuntimeFailed(
                f"the container engine at {self._engine.path} is not Podman, and no other can use a network namespace "
                "that is there already: name Podman's socket in [reconciler] container_socket"
            )
        if not self._engine.has_image(image.reference):
            raise RuntimeFailed(f"this host does not have the image: podman pull {image.reference}")

    def _namespace(self, decky: DesiredDecky) -> NetworkNamespace:
        path = self._netns.path(decky.name)
        with contextlib.suppress(OSError):
            return NetworkNamespace(str(path), path.stat().st_ino)
        return NetworkNamespace(str(path), 0)

    def _current(self, decky: DesiredDecky, body: dict[str, Any]) -> Listed | None:
        """Return the decky's container if it is as it should be; all others of it are removed."""
        kept: Listed | None = None
        for one in self._listed().get(decky.name, ()):
            if kept is None and one.labels.get(REQUEST_LABEL) == body["labels"][REQUEST_LABEL]:
                kept = one
            else:
                self._engine.remove(one.id)
        return kept

    def _make(self, placed: DesiredDecky, body: dict[str, Any], current: Listed | None) -> None:
        """Make the decky's container, in place of the current one, and start it."""
        if current is not None:
            self._engine.remove(current.id)
        try:
            created = self._engine.create(body)
        except EngineError as error:
            if "already in use" in str(error):
                name = container_name(self._fleet, placed.name)
                raise RuntimeFailed(f"there is a container {name} that is not ours: podman rm {name}") from error
            raise
        self._run(placed, created)

    def _run(self, placed: DesiredDecky, container: str) -> None:
        """Start a container; raises RuntimeFailed if it ends at once."""
        self._engine.start(container)
        until = time.monotonic() + _WATCHED_SECONDS
        while time.monotonic() < until and self._missing(placed):
            state = self._engine.state(container)
            if not state.running:
                name = container_name(self._fleet, placed.name)
                raise RuntimeFailed(f"its container ended at once, exit code {state.exit_code}: see podman logs {name}")
            time.sleep(_LOOK_SECONDS)

    def _missing(self, placed: DesiredDecky) -> list[Service]:
        """Return the services at whose ports nothing listens in the decky's namespace."""
        there = {(transport, port) for _, transport, port in self._netns.listening(placed.name)}
        return [one for one in placed.services if (one.transport, one.listens or one.port) not in there]

    def _is_silent(self, placed: DesiredDecky, container: str) -> bool:
        """Whether it has had the time to listen, and does not."""
        if not self._missing(placed):
            return False
        started = parse_iso8601(self._engine.state(container).started_at)
        return started is None or time.time_ns() - started > STARTING_SECONDS * 1_000_000_000

    def _observed(
        self, placed: DesiredDecky, images: dict[str, Image], network: Observed, own: list[Listed]
    ) -> Observed:
        drift = (*network.drift, *self._drift(placed, _image(placed, images), own))
        missing = {(one.transport, one.port) for one in self._missing(placed)}
        served = frozenset(one for one in placed.endpoints() if one[1:] not in missing)
        return Observed(network.present or bool(own), drift, served, serves_itself=True)

    def _drift(self, placed: DesiredDecky, image: Image | None, own: list[Listed]) -> Iterator[str]:
        if image is None:
            yield _unknown(placed)
        elif not own:
            yield "its container is missing"
        elif len(own) > 1:
            yield f"it has {len(own)} containers"
        elif own[0].state != "running":
            yield f"its container does not run: {own[0].status or own[0].state}"
        elif own[0].labels.get(REQUEST_LABEL) != _wanted(placed, image, self._fleet, self._namespace(placed)):
            yield "its container is not as it would be made now"
        elif self._is_silent(placed, own[0].id):
            yield f"nothing listens for {', '.join(one.service for one in self._missing(placed))} in its container"


def _wanted(decky: DesiredDecky, image: Image, fleet: str, namespace: NetworkNamespace) -> str:
    labels: dict[str, str] = request(decky, image, fleet, namespace)["labels"]
    return labels[REQUEST_LABEL]


def _image(decky: DesiredDecky, images: dict[str, Image]) -> Image | None:
    return image_called(images, decky.image or "")


def _unknown(decky: DesiredDecky) -> str:
    return (
        f"the image {decky.image} is not in the catalogue: decnet image list shows it, [reconciler] images adds to it"
    )


def _placed(decky: DesiredDecky, images: dict[str, Image]) -> DesiredDecky:
    """Return the decky with the ports at which its image listens."""
    image = _image(decky, images)
    known = image.services if image else {}
    services = tuple(
        msgspec.structs.replace(one, listens=known[one.service].listens) if one.service in known else one
        for one in decky.services
    )
    return msgspec.structs.replace(decky, services=services)
