# SPDX-License-Identifier: MIT
"""What syslog inputs over UDP and TCP share: a bound port, allowed senders, and messages as records."""

import logging
import socket
import time
from abc import ABC, abstractmethod
from typing import ClassVar

from decnet_core.exits import StartupError
from decnet_core.net.addresses import parse_address, parse_endpoint, parse_network
from decnet_core.net.rates import SourceRates
from decnet_core.net.sockets import BindError
from decnet_sniff.collect.input_sink import InputSink
from decnet_sniff.collect.network.framing import Frame
from decnet_sniff.collect.record import Record
from decnet_sniff.collect.settings import NetworkSettings

log = logging.getLogger(__name__)


class SyslogPort(ABC):
    """One port; subclasses say how it is bound and how messages are received."""

    transport: ClassVar[str]

    def __init__(self, sink: InputSink, limits: NetworkSettings) -> None:
        self._sink = sink
        self._limits = limits
        self._rates = SourceRates(limits.messages_per_second, limits.message_burst)
        self._allowed = [parse_network(each) for each in sink.settings.allow]
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    async def open(self) -> None:
        listen = self._sink.settings.listen
        host, port = parse_endpoint(listen)
        try:
            self._socket = self._bind(host, port)
        except BindError as error:
            raise StartupError(f"cannot receive on {self.transport} {listen}: {error}") from error
        log.info("receiving syslog %s=%s port=%d", self.transport, host, self.port)

    def positions(self) -> None:  # noqa: B027  # whatever the transport
        """Return None: nothing can be read again."""

    async def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    @abstractmethod
    def _bind(self, host: str, port: int) -> socket.socket:
        """Return the socket, bound; raises BindError."""

    def _is_allowed(self, address: str) -> bool:
        """Return whether `address` is in an allowed network; every address is when none are configured."""
        source = parse_address(address)
        return not self._allowed or any(source in network for network in self._allowed if source is not None)

    def _take(self, frame: Frame, address: str) -> None:
        """Submit a message received now from the host at `address`; its text cannot change that."""
        host = self._sink.settings.hosts.get(address, address)
        origin = f"{self.transport} {address}"
        self._sink.take(Record(frame.text, origin, size=frame.size, ts=time.time_ns(), host=host))
