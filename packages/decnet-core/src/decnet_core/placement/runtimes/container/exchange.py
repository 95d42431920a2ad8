# SPDX-License-Identifier: MIT
"""One request and its answer over a UNIX socket; imported at the first: http.client takes 0.9 MiB."""

import http.client
import socket

_MAX_BYTES = 16 << 20


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("engine", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def exchange(path: str, method: str, target: str, body: bytes | None, *, seconds: float) -> tuple[int, bytes]:
    """Return status and content of the answer; raises OSError, also for one that is no HTTP or too long."""
    connection = _Connection(path, seconds)
    try:
        connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        content = answer.read(_MAX_BYTES + 1)
    except TimeoutError as error:
        raise OSError("no answer in time") from error
    except http.client.HTTPException as error:
        raise OSError(f"not HTTP, or cut off: {error!r}") from error
    finally:
        connection.close()
    if len(content) > _MAX_BYTES:
        raise OSError("the answer is too long")
    if answer.length:
        raise OSError("the answer was cut off")
    return answer.status, content
