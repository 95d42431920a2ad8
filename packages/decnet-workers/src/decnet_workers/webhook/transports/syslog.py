# SPDX-License-Identifier: MIT
"""Syslog messages (RFC 5424) over TLS (RFC 5425), TCP with octet counting (RFC 6587) or UDP (RFC 5426).

Syslog has no answers. On a stream a message counts as delivered when the receiver's kernel has acknowledged it; over
UDP when it was sent, so what the network loses is lost.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress

from decnet_core.net.addresses import Address
from decnet_models.webhooks.queries import Delivery
from decnet_workers.outbound.dial import MAX_ADDRESSES, DialError, Dialler
from decnet_workers.webhook.endpoint import Endpoint
from decnet_workers.webhook.formats.alert import Alert, Severity, alert_of
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.transports.stream import Stream
from decnet_workers.webhook.transports.targets import parse_syslog

MAX_IN_FLIGHT = 64
MAX_BYTES = 65_000
"""Of a message; a UDP datagram carries 65,507. Most receivers keep 8,192 unless told otherwise."""

_LOCAL0 = 16
_SEVERITIES = {
    Severity.INFORMATIONAL: 6,
    Severity.LOW: 5,
    Severity.MEDIUM: 4,
    Severity.HIGH: 3,
    Severity.CRITICAL: 2,
}


class SyslogTransport:
    """Keeps a connection to one server; raises TargetError when its URL is not valid."""

    window = MAX_IN_FLIGHT

    def __init__(self, endpoint: Endpoint, dialler: Dialler, *, attempt_seconds: float) -> None:
        self._endpoint = endpoint
        self._dialler = dialler
        self._attempt_seconds = attempt_seconds
        self._by, self._target = parse_syslog(endpoint.url)
        self._host = socket.gethostname()
        self._stream: Stream | None = None

    async def send(self, deliveries: Sequence[Delivery]) -> list[Reply | Failed]:
        messages = [self._message(alert_of(one.message_id, one.body)) for one in deliveries]
        try:
            async with asyncio.timeout(self._attempt_seconds):
                await (self._send_datagrams(messages) if self._by == "udp" else self._send_frames(messages))
        except TimeoutError:
            failed = f"nothing taken within {self._attempt_seconds:g} s"
        except DialError as error:
            failed = str(error)
        except OSError as error:
            failed = error.strerror or str(error) or type(error).__name__
        else:
            return [Reply(None) for _ in deliveries]
        self.close()
        return [Failed(failed)]

    def close(self) -> None:
        if self._stream is not None:
            self._stream.abort()
            self._stream = None

    def _message(self, alert: Alert) -> bytes:
        body = self._endpoint.format.body(alert, self._endpoint.access)
        priority = _LOCAL0 * 8 + _SEVERITIES[alert.severity]
        head = f"<{priority}>1 {alert.time} {self._host} decnet - {alert.kind[:32]} "
        rest = body if self._endpoint.format.structured else b"- " + body
        return (head.encode() + rest)[:MAX_BYTES].decode("utf-8", "ignore").encode()

    async def _send_frames(self, messages: Sequence[bytes]) -> None:
        if self._stream is None or not self._stream.usable:
            self.close()
            private = self._endpoint.allow_private
            self._stream = await self._dialler.open(self._target, Stream, allow_private=private)
        self._stream.writer.write(b"".join(b"%d %b" % (len(one), one) for one in messages))
        await self._stream.acknowledged()

    async def _send_datagrams(self, messages: Sequence[bytes]) -> None:
        addresses = await self._dialler.checked(self._target, allow_private=self._endpoint.allow_private)
        if not addresses:
            raise DialError(f"{self._target.host} has no address")
        *others, last = addresses[:MAX_ADDRESSES]
        for address in others:
            with suppress(OSError):
                await self._send_to(address, messages)
                return
        await self._send_to(last, messages)

    async def _send_to(self, address: Address, messages: Sequence[bytes]) -> None:
        remote = (str(address), self._target.port)
        loop = asyncio.get_running_loop()
        transport, errors = await loop.create_datagram_endpoint(_Errors, remote_addr=remote)
        try:
            for message in messages:
                transport.sendto(message)
            with suppress(TimeoutError):  # a closed port on a near host is told at once
                async with asyncio.timeout(_ERROR_SECONDS):
                    raise await errors.first
        finally:
            transport.close()


_ERROR_SECONDS = 0.05


class _Errors(asyncio.DatagramProtocol):
    """Keeps the first error that the network reports (ICMP)."""

    def __init__(self) -> None:
        self.first: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def error_received(self, exc: Exception) -> None:
        if not self.first.done():
            self.first.set_result(exc)
