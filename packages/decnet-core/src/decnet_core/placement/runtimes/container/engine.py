# SPDX-License-Identifier: MIT
"""Podman's API over its UNIX socket, as much as the runtime needs.

One connection for each request, each bounded in time and size. What an answer says is checked before it is used: the
engine is trusted, but it may be another version, or another program.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from decnet_core.placement.runtimes.runtime import RuntimeFailed

T = TypeVar("T")

SECONDS = 30.0
_NOT_FOUND = 404


class EngineError(RuntimeFailed):
    """The engine is gone, or refuses; `status` is that of HTTP, 0 if there was no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Listed(msgspec.Struct, frozen=True, rename="pascal"):
    """A container in the engine's list."""

    id: str
    state: str = ""
    """created, running, exited, ..."""
    status: str = ""
    """The same in the engine's words, with exit code and age."""
    labels: dict[str, str] = {}


class State(msgspec.Struct, frozen=True, rename="pascal"):
    """How one container is."""

    running: bool = False
    exit_code: int = 0
    started_at: str = ""
    """ISO 8601; before the year 2: never."""


class _Inspected(msgspec.Struct, frozen=True, rename="pascal"):
    state: State


class _Created(msgspec.Struct, frozen=True, rename="pascal"):
    id: str


class _Component(msgspec.Struct, frozen=True, rename="pascal"):
    name: str = ""


class _Version(msgspec.Struct, frozen=True, rename="pascal"):
    components: list[_Component] | None = None


class Engine:
    """The engine that listens at `path`. All methods raise EngineError."""

    def __init__(self, path: str, *, seconds: float = SECONDS) -> None:
        self.path = path
        self._seconds = seconds

    @property
    def is_there(self) -> bool:
        """Whether there is a socket, even if nobody answers."""
        return Path(self.path).exists()

    def is_podman(self) -> bool:
        found = _converted(self._request("GET", "/version"), _Version)
        return any(one.name.startswith("Podman") for one in found.components or ())

    def containers(self, label: str) -> list[Listed]:
        """Return all containers with a label, KEY or KEY=VALUE, whether they run or not."""
        filters = quote(msgspec.json.encode({"label": [label]}))
        return _converted(self._request("GET", f"/containers/json?all=1&filters={filters}"), list[Listed])

    def state(self, container: str) -> State:
        return _converted(self._request("GET", f"/containers/{quote(container)}/json"), _Inspected).state

    def has_image(self, reference: str) -> bool:
        try:
            self._request("GET", f"/images/{quote(reference, safe='/:@')}/json")
        except EngineError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return True

    def create(self, body: Mapping[str, Any]) -> str:
        """Make a container and return its id; it does not run yet."""
        return _converted(self._request("POST", "/v4.0.0/libpod/containers/create", body), _Created).id

    def start(self, container: str) -> None:
        """Start a container; one that runs stays as it is."""
        self._request("POST", f"/containers/{quote(container)}/start")

    def remove(self, container: str) -> None:
        """Kill a container and remove all of it; one that is not there is no error."""
        try:
            self._request("DELETE", f"/containers/{quote(container)}?force=1&v=1")
        except EngineError as error:
            if error.status != _NOT_FOUND:
                raise

    def _request(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> bytes:
        from decnet_core.placement.runtimes.container.exchange import exchange

        encoded = None if body is None else msgspec.json.encode(body)
        try:
            status, content = exchange(self.path, method, target, encoded, seconds=self._seconds)
        except PermissionError as error:
            raise EngineError(
                f"the container engine at {self.path} lets {_account()} not in: add that account to a group, name the "
                "group as SocketGroup= by `systemctl edit podman.socket`, and restart podman.socket and decnet.target"
            ) from error
        except OSError as error:
            words = error.strerror or str(error)
            raise EngineError(
                f"the container engine at {self.path} does not answer: {words}; start podman.socket, or name its "
                "socket in [reconciler] container_socket"
            ) from error
        if not 200 <= status < 305:  # 304: it was started, or stopped, already
            raise EngineError(f"the container engine refuses: {_message(content)}", status)
        return content


def _account() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def _converted(content: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EngineError(f"the container engine answers what cannot be read: {error}") from error


def _message(content: bytes) -> str:
    """Return why the engine refuses, in its own words."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return content[:200].decode(errors="replace") or "without a reason"
    message = found.get("message") if isinstance(found, dict) else None
    return message if isinstance(message, str) and message else "without a reason"
