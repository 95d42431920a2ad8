# SPDX-License-Identifier: MIT
"""The event kinds that other programs' logs can produce."""

from decnet_core.events.catalogue import (
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SyslogMessage,
)

PRODUCED: tuple[type[Payload], ...] = (
    ConnectionOpened,
    LoginAttempt,
    ClientIdentified,
    SessionOpened,
    CommandRun,
    SessionClosed,
    HttpRequest,
    FileCaptured,
    ServiceRequest,
    PortScan,
    SyslogMessage,
)
