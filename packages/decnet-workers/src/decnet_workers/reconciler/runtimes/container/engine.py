# SPDX-License-Identifier: MIT
"""The API of a container engine over its UNIX socket, as much as the runtime needs: Docker's paths, which Podman has too.

One connection for each request, each bounded in time and size. What an answer says is checked before it is used: the
engine is trusted, but it may be another version, or another program.
"""

import http.client
import os
import socket
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from decnet_workers.reconciler.runtimes.runtime import RuntimeFailed

T = TypeVar("T")

SOCKETS = ("/run/podman/podman.sock", "/var/run/docker.sock")
SECONDS = 30.0
_MAX_BYTES = 16 << 20
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


class _ImageConfig(msgspec.Struct, frozen=True, rename="pascal"):
    volumes: dict[str, Any] | None = None


class _Image(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    config: _ImageConfig | None = None


class FoundImage(msgspec.Struct, frozen=True):
    """An image that the engine has."""

    id: str
    volumes: tuple[str, ...]
    """Directories that would be on the host's disk, without a limit."""


class _Connection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("engine", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """The engine that listens at `path`; empty: Podman's or Docker's usual socket. All methods raise EngineError."""

    def __init__(self, path: str = "", *, seconds: float = SECONDS) -> None:
        self._given = path
        self._seconds = seconds

    @property
    def path(self) -> str:
        return self._given or next(filter(os.path.exists, SOCKETS), SOCKETS[0])

    @property
    def is_there(self) -> bool:
        """Whether there is a socket, even if nobody answers."""
        return os.path.exists(self.path)

    def is_podman(self) -> bool:
        found = _converted(self._request("GET", "/version"), _Version)
        return any(one.name.startswith("Podman") for one in found.components or ())

    def containers(self, label: str) -> list[Listed]:
        """Return all containers with a label, KEY or KEY=VALUE, whether they run or not."""
        filters = quote(msgspec.json.encode({"label": [label]}))
        return _converted(self._request("GET", f"/containers/json?all=1&filters={filters}"), list[Listed])

    def state(self, container: str) -> State:
        return _converted(self._request("GET", f"/containers/{quote(container)}/json"), _Inspected).state

    def image(self, reference: str) -> FoundImage | None:
        """Return an image, None if the engine does not have it."""
        try:
            found = _converted(self._request("GET", f"/images/{quote(reference, safe='/:@')}/json"), _Image)
        except EngineError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return FoundImage(found.id, tuple(sorted((found.config and found.config.volumes) or ())))

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        """Make a container and return its id; it does not run yet."""
        answer = self._request("POST", f"/containers/create?name={quote(name)}", body)
        return _converted(answer, _Created).id

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
        connection = _Connection(self.path, self._seconds)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(method, target, msgspec.json.encode(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read(_MAX_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"the container engine at {self.path} does not answer: {_words(error)}") from error
        finally:
            connection.close()
        if len(content) > _MAX_BYTES:
            raise EngineError(f"the container engine at {self.path} sends too much")
        if not 200 <= answer.status < 305:  # 304: it was started, or stopped, already
            raise EngineError(f"the container engine refuses: {_message(content)}", answer.status)
        return content


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


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
