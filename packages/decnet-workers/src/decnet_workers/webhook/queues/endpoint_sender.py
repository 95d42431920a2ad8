# SPDX-License-Identifier: MIT
"""Sends to one endpoint by whatever its URL asks for; made anew when the operator changes the endpoint."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from decnet_models.webhooks.queries import Delivery, Webhook
from decnet_workers.outbound.dial import Dialler
from decnet_workers.outbound.target import TargetError
from decnet_workers.webhook.endpoint import Endpoint, opened
from decnet_workers.webhook.formats.registry import SCHEMES
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.sealing import SealError
from decnet_workers.webhook.transports.transport import Transport


class Means(msgspec.Struct, frozen=True):
    """What all endpoints send with."""

    dialler: Dialler
    key: bytes
    attempt_seconds: float
    idle_seconds: float
    files: Path
    """The directory of endpoints that are files; a file has at most so many bytes, and so many older ones are kept."""
    file_bytes: int
    file_keep: int


class EndpointSender:
    """The connection of one endpoint."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._webhook: Webhook | None = None
        self._transport: Transport | None = None

    @property
    def window(self) -> int:
        """How many deliveries may be sent now."""
        return self._transport.window if self._transport else 1

    async def send(self, webhook: Webhook, deliveries: Sequence[Delivery]) -> list[Reply | Failed]:
        """Send as `Transport.send` does; a definition that cannot be used is a failure, too."""
        if webhook != self._webhook or self._transport is None:
            self.close()
            try:
                self._transport = transport_of(webhook, self._means)
            except (TargetError, SealError) as error:
                return [Failed(str(error))]
            self._webhook = webhook
        return await self._transport.send(deliveries[: self._transport.window])

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def transport_of(webhook: Webhook, means: Means) -> Transport:
    """Return a transport for an endpoint; raises TargetError, SealError."""
    endpoint = opened(webhook, means.key)
    match SCHEMES[endpoint.url.partition(":")[0].lower()]:
        case "syslog":
            from decnet_workers.webhook.transports.syslog import SyslogTransport

            return SyslogTransport(endpoint, means.dialler, attempt_seconds=means.attempt_seconds)
        case "smtp":
            from decnet_workers.webhook.transports.smtp import SmtpTransport

            return SmtpTransport(endpoint, means.dialler, attempt_seconds=means.attempt_seconds)
        case "file":
            from decnet_workers.webhook.transports.file import FileTransport

            return FileTransport(endpoint, means.files, max_bytes=means.file_bytes, keep=means.file_keep)
        case _:
            return _http(webhook, endpoint, means)


def _http(webhook: Webhook, endpoint: Endpoint, means: Means) -> Transport:
    from decnet_workers.webhook.transports.http import HttpTransport
    from decnet_workers.webhook.transports.http_sender import HttpSender

    sender = HttpSender(means.dialler, attempt_seconds=means.attempt_seconds, idle_seconds=means.idle_seconds)
    return HttpTransport(endpoint, sender, plain=webhook.format == "json")
