# SPDX-License-Identifier: MIT
"""Reads responses (RFC 9112) of a receiver with h11, one after another, from whatever bytes it sends; bounded.

h11 reads a response for each request that it has sent, so it is told of one, always the same, before each. It is loaded
when the first webhook is sent. Of a body the beginning is kept, which may say why a message was refused. A response
whose body is too long, or ends with the connection, still counts, as its status has arrived; nothing can be read after
it.
"""

import h11

from decnet_workers.webhook.outcome import Reply

MAX_HEAD_BYTES = 16384
MAX_ANSWER_BYTES = 65536
"""Bytes of a body that are skipped so that the connection can be reused."""
MAX_KEPT_BYTES = 2048
"""Bytes of a body that are kept."""

_REQUEST = h11.Request(method="POST", target="/", headers=[("Host", "receiver"), ("Content-Length", "0")])
_REQUEST_END = h11.EndOfMessage()
_BODILESS = frozenset({204, 304})


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
        self._torn = False
        self._reply = Reply(None)

    @property
    def explains(self) -> bool:
        """Whether the last response is a failure whose body is still to come, though nothing may follow it."""
        wanted = not self._reply.is_success and len(self._reply.answer) < MAX_KEPT_BYTES
        return wanted and self._within_body and not self.broken and not self._torn

    @property
    def within_head(self) -> bool:
        """Whether a response has begun, and its head is not complete."""
        return not self._within_body and bool(self._connection.trailing_data[0])

    @property
    def between(self) -> bool:
        """Whether each response that has begun is complete, and another may follow."""
        ended = self.broken or self.last or self._within_body
        return not ended and not self._connection.trailing_data[0]

    def receive(self, data: bytes) -> list[Reply]:
        """Return the responses whose heads are complete now."""
        replies: list[Reply] = []
        try:
            if data and (self.explains or not (self.broken or self.last)):
                self._connection.receive_data(data)
                self._read(replies)
        except h11.RemoteProtocolError:
            self.last, self.broken, self._torn = self._within_body, not self._within_body, True
        return replies

    def _read(self, replies: list[Reply]) -> None:
        connection = self._connection
        while self.explains or not self.last:
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
                    self._reply.answer += event.data[: MAX_KEPT_BYTES - len(self._reply.answer)]
                    self.last = self.last or self._left < 0
                case h11.EndOfMessage():
                    self._within_body = False
                    if not self.last:
                        connection.start_next_cycle()

    def _begun(self, response: h11.Response) -> Reply:
        fields = dict(response.headers)  # their names in lower case
        self._within_body, self._left = True, MAX_ANSWER_BYTES
        length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
        delimiters = (length is not None) + (coding is not None)
        self.last = (
            (delimiters != 1 and response.status_code not in _BODILESS)
            or response.http_version < b"1.1"
            or any(name == b"connection" and b"close" in value.lower() for name, value in response.headers)
            or (length is not None and int(length) > MAX_ANSWER_BYTES)
        )
        retry_after = fields.get(b"retry-after")
        self._reply = Reply(response.status_code, None if retry_after is None else retry_after.decode("latin-1"))
        return self._reply
