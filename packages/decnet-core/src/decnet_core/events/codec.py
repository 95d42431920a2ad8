# SPDX-License-Identifier: MIT
"""Encodes events as lines of JSON and decodes any bytes to an event or an error."""

import msgspec

from decnet_core.errors import CoreError
from decnet_core.events.catalogue import AnyPayload, Payload
from decnet_core.events.envelope import Event

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)
_payload_decoder: msgspec.json.Decoder[Payload] = msgspec.json.Decoder(AnyPayload)

MAX_LINE_BYTES = 1 << 20
"""A longer line is not an event: producers bound their texts far below it."""


class BadEventError(CoreError, ValueError):
    """A line is not an event of the catalogue; the message says where and why."""


def encode(event: Event) -> bytes:
    """Return the event as one line of UTF-8 JSON, without the line feed.

    Raises BadEventError when the line would exceed MAX_LINE_BYTES or a text cannot be encoded.
    """
    try:
        line = _encoder.encode(event)
    except UnicodeEncodeError as error:
        raise BadEventError(f"a text of the event is not valid Unicode: {error}") from error
    if len(line) > MAX_LINE_BYTES:
        raise BadEventError(f"the event has {len(line)} bytes, the limit is {MAX_LINE_BYTES}")
    return line


def decode(line: bytes) -> Event:
    """Return the event on `line`; raises BadEventError, and nothing else, for any other bytes."""
    if len(line) > MAX_LINE_BYTES:
        raise BadEventError(f"the line has {len(line)} bytes, the limit is {MAX_LINE_BYTES}")
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEventError(str(error)) from error


def encode_payload(payload: Payload) -> bytes:
    """Return the payload alone, with its kind, as JSON."""
    return _encoder.encode(payload)


def decode_payload(text: bytes | str) -> Payload:
    """Return the payload that `encode_payload` wrote; raises BadEventError."""
    try:
        return _payload_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEventError(str(error)) from error
