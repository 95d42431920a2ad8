# SPDX-License-Identifier: MIT
"""The HTTP receiver: every request becomes an event."""

import hashlib
import time

from decnet_core.canary import Slug
from decnet_core.events.catalogue import CanaryHit, HttpRequest
from decnet_core.net.addresses import source_of
from decnet_core.net.forwarded import client_address
from decnet_core.net.http_head import Head
from decnet_core.text import bounded, from_wire
from decnet_workers.canary.connection import Connection
from decnet_workers.canary.find import in_http
from decnet_workers.canary.receiver import Receiver
from decnet_workers.canary.redirects import redirect_target
from decnet_workers.canary.requests import Malformed, Request, Requests
from decnet_workers.canary.responses import Response, refusal, render, response_to

MAX_BODY_TEXT = 4096
"""Characters of a body that an event keeps, besides its length and hash."""


class HttpConnection(Connection):
    """One client: reads requests, answers them, closes on anything out of bounds."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self._requests = Requests()

    def data_received(self, data: bytes) -> None:
        self._requests.feed(data)
        while not self.transport.is_closing():
            request = self._requests.next()
            if request is None:
                return
            if isinstance(request, Malformed):
                self._refuse(request)
            else:
                self._serve(request)
            self.wait()

    def _refuse(self, malformed: Malformed) -> None:
        status = malformed.status
        if self._allowed(self.peer[0]):
            payload = HttpRequest(method="", target=malformed.line, version="", status=status)
            self.receiver.emit(payload, src=self.peer, dst=self.local)
            self._send(refusal(status), last=True)

    def _serve(self, request: Request) -> None:
        head = request.head
        forwarded = [value for name, value in head.headers if name.lower() == "x-forwarded-for"]
        client = client_address(self.peer[0], forwarded, self.receiver.proxies)
        if not self._allowed(client):
            return
        slug = self._token(head)
        answer = self._answer(request, slug)
        src = self.peer if client == self.peer[0] else (client, None)
        self.receiver.emit(self._payload(request, slug, answer, client), src=src, dst=self.local)
        self._send(answer, last=request.last, head_only=head.method == "HEAD")

    def _answer(self, request: Request, slug: Slug | None) -> Response:
        too_long = request.body_bytes is not None and request.body_bytes > len(request.body)
        if too_long:
            return refusal(413)
        leads = redirect_target(self.receiver.key, slug.text, request.head.target) if slug is not None else None
        return response_to(request.head, slug, self.receiver.settings.page, leads)

    def _token(self, head: Head) -> Slug | None:
        """Return the token that a request names."""
        return in_http(self.receiver.key, head.target, head.get("host"), self.receiver.settings.zone)

    def _payload(self, request: Request, slug: Slug | None, answer: Response, client: str) -> CanaryHit | HttpRequest:
        if slug is None:
            return _other(request, answer)
        head, agent = request.head, request.head.get("user-agent")
        scanner = self.receiver.scanners.reason(slug.text, client, time.monotonic(), agent=agent, method=head.method)
        return CanaryHit(slug.text, "http", head.target, user_agent=agent, method=head.method, scanner=scanner)

    def _allowed(self, client: str) -> bool:
        """Take one of the client's requests; without any left it is answered 503 and leaves no event."""
        if self.receiver.rates.allows(source_of(client), time.monotonic()):
            return True
        self.receiver.counters.add("rate_limited")
        self._send(refusal(503), last=True)
        return False

    def _send(self, answer: Response, *, last: bool, head_only: bool = False) -> None:
        self._write(render(answer, now=time.time(), keep_alive=not last, head_only=head_only))
        if last:
            self.transport.close()

    def _write(self, data: bytes) -> None:
        self.transport.write(data)


def _other(request: Request, answer: Response) -> HttpRequest:
    head, body = request.head, request.body
    return HttpRequest(
        method=head.method,
        target=head.target,
        version=head.version,
        host=head.get("host"),
        user_agent=head.get("user-agent"),
        headers=head.headers,
        status=answer.status,
        body=bounded(from_wire(body, MAX_BODY_TEXT), MAX_BODY_TEXT) if body else None,
        body_bytes=request.body_bytes or 0,
        body_sha256=hashlib.sha256(body).hexdigest() if body else None,
    )
