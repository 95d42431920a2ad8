# SPDX-License-Identifier: MIT
"""Reads responses (RFC 9112) of a receiver with h11, one after another, from whatever bytes it sends; bounded.

h11 reads a response for each request that it has sent, so it is told of one, always the same, before each. It is loaded
when the first webhook is sent. Bodies are skipped, not stored. A response whose body is too long, or ends with the
connection, still counts, as its status has arrived; nothing can be read after it.
"""

import h11
import msgspec

MAX_HEAD_BYTES = 16384
MAX_ANSWER_BYTES = 65536
"""Bytes of a body that are skipped so that the connection can be reused."""

_REQUEST = h11.Request(method="POST", target="/", headers=[("Host", "receiver"), ("Content-Length", "0")])
_REQUEST_END = h11.EndOfMessage()
_BODILESS = frozenset({204, 304})


class Reply(msgspec.Struct, frozen=True):
    """The receiver's response."""

    status: int
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class ResponseReader:
    """The responses on one connection. After `broken` or `last` nothing more is read."""

    def __init__(self) -> None:
        self.broken = False
        """What was received after the responses so far is not HTTP."""
        self.last = False
        """The connection cannot be used after the responses so far."""
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._within_body = False
        self._left = 0

    @property
    def between(self) -> bool:
        """Whether each response that has begun is complete, and another may follow."""
        ended = self.broken or self.last or self._within_body
        return not ended and not self._connection.trailing_data[0]

    def receive(self, data: bytes) -> list[Reply]:
        """Return the responses whose heads are complete now."""
        replies: list[Reply] = []
        try:
            if not (self.broken or self.last) and data:
                self._connection.receive_data(data)
                self._read(replies)
        except h11.RemoteProtocolError:
            self.last, self.broken = self._within_body, not self._within_body
        return replies

    def _read(self, replies: list[Reply]) -> None:
        connection = self._connection
        while not self.last:
            if connection.our_state is h11.IDLE:
                connection.send(_REQUEST)
                connection.send(_REQUEST_END)
            event = connection.next_event()
            match event:
                case h11.NEED_DATA:
                    return
                case h11.Response():
                    replies.append(self._begun(event))
                case h11.Data():
                    self._left -= len(event.data)
                    self.last = self._left < 0
                case h11.EndOfMessage():
                    self._within_body = False
                    connection.start_next_cycle()

    def _begun(self, response: h11.Response) -> Reply:
        fields = dict(response.headers)  # their names in lower case
        self._within_body, self._left = True, MAX_ANSWER_BYTES
        length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
        delimiters = (length is not None) + (coding is not None)
        self.last = (
            (delimiters != 1 and response.status_code not in _BODILESS)
            or response.http_version == b"1.0"
            or any(name == b"connection" and b"close" in value.lower() for name, value in response.headers)
            or (length is not None and int(length) > MAX_ANSWER_BYTES)
        )
        retry_after = fields.get(b"retry-after")
        return Reply(response.status_code, None if retry_after is None else retry_after.decode("latin-1"))
