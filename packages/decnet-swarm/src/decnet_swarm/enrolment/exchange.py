# SPDX-License-Identifier: MIT
"""One request to the master and its reply, over a connection of its own; blocking, for short-lived programs."""

import socket
import ssl
from collections.abc import Callable

from decnet_core.text import for_terminal
from decnet_swarm.address import Address
from decnet_swarm.enrolment import messages
from decnet_swarm.enrolment.messages import Malformed, Reply
from decnet_swarm.errors import SwarmError

SECONDS = 90.0
"""Longer than the master may take to sign."""


class ExchangeError(SwarmError):
    """There was no reply; the message says why and what to do."""


class EndedError(ExchangeError):
    """The master closed the connection without a reply."""


def ask(
    place: Address,
    context: ssl.SSLContext,
    question: messages.Request,
    *,
    check: Callable[[ssl.SSLSocket], None] = lambda _: None,
    seconds: float = SECONDS,
) -> Reply:
    """Return the reply to `question`; `check` inspects the connection before it is sent. Raises ExchangeError."""
    try:
        with (
            socket.create_connection((place.host, place.port), timeout=seconds) as plain,
            context.wrap_socket(plain, server_hostname=place.host) as link,
        ):
            check(link)
            link.sendall(messages.framed(question))
            return _answer(link)
    except (ConnectionResetError, BrokenPipeError, EOFError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise EndedError(f"{place} ended the connection") from error
    except ssl.SSLError as error:
        raise ExchangeError(f"{place} cannot be trusted: {_reason(error)}") from error
    except OSError as error:
        raise ExchangeError(f"{place} cannot be reached: {error.strerror or error}") from error


def _answer(link: ssl.SSLSocket) -> Reply:
    length = messages.length_in(_exactly(link, messages.HEAD))
    answer = length if isinstance(length, Malformed) else messages.answer_in(_exactly(link, length))
    if isinstance(answer, Malformed):
        raise ExchangeError(f"the master's answer is not understood: {for_terminal(answer.reason)}")
    return answer


def _exactly(link: ssl.SSLSocket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = link.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def _reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return str(error.reason or error)
