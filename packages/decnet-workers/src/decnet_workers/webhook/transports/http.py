# SPDX-License-Identifier: MIT
"""Deliveries as POST requests, signed as Standard Webhooks asks whatever their format: who can verify may do so."""

import time
from collections.abc import Sequence

from decnet_models.webhooks.queries import Delivery
from decnet_workers.outbound.target import parse_target
from decnet_workers.webhook.endpoint import Endpoint
from decnet_workers.webhook.formats.alert import Alert, alert_of
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.signature import sign
from decnet_workers.webhook.transports.http_sender import HttpSender


class HttpTransport:
    """Builds an endpoint's requests and posts them; raises TargetError when its URL is not valid."""

    def __init__(self, endpoint: Endpoint, sender: HttpSender, *, plain: bool) -> None:
        """`plain`: what is stored is what is sent (Standard Webhooks' JSON)."""
        self._endpoint = endpoint
        self._sender = sender
        self._plain = plain
        self._target = parse_target(endpoint.url)
        named = {"Content-Type": endpoint.format.content_type, **endpoint.format.headers(endpoint.access)}
        fields = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self._head = f" HTTP/1.1\r\nHost: {self._target.authority}\r\n{fields}User-Agent: DECNET\r\nContent-Length: "

    @property
    def window(self) -> int:
        return self._sender.window

    async def send(self, deliveries: Sequence[Delivery]) -> list[Reply | Failed]:
        now = int(time.time())
        requests = [self.request(delivery, now) for delivery in deliveries]
        outcomes = await self._sender.post(self._target, requests, allow_private=self._endpoint.allow_private)
        return [self._judged(outcome) for outcome in outcomes]

    def close(self) -> None:
        self._sender.close()

    def request(self, delivery: Delivery, now: int) -> bytes:
        """Return the request for a delivery; `now` is seconds since the Unix epoch."""
        path, body = self._target.path, delivery.body.encode()
        if not self._plain:
            alert = alert_of(delivery.message_id, body)
            body = self._endpoint.format.body(alert, self._endpoint.access)
            path = self._path(alert)
        signature = sign(self._endpoint.signing_key, delivery.message_id, now, body)
        identity = f"webhook-id: {delivery.message_id}\r\nwebhook-timestamp: {now}\r\nwebhook-signature: {signature}"
        return f"POST {path}{self._head}{len(body)}\r\n{identity}\r\n\r\n".encode("ascii") + body

    def _path(self, alert: Alert) -> str:
        """Return the request target that the format makes of the URL's path, with the URL's own query after it."""
        path, _, query = self._target.path.partition("?")
        path = self._endpoint.format.path(path, alert, self._endpoint.access)
        return f"{path}{'&' if '?' in path else '?'}{query}" if query else path

    def _judged(self, outcome: Reply | Failed) -> Reply | Failed:
        """A refusal of what the receiver has already is a success: it was sent again."""
        already = self._endpoint.format.already.encode()
        if isinstance(outcome, Reply) and already and not outcome.is_success and already in outcome.answer:
            return Reply(200, answer=outcome.answer)
        return outcome
