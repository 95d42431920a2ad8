# SPDX-License-Identifier: MIT
"""What is fuzzed of the decoys' own readers: Telnet's options, SMTP's lines, HTTP/2's frames and blocks (HPACK).

Each target raises when what an attacker sent was not answered within bounds.
"""

from __future__ import annotations

from collections.abc import Callable

from decnet_decoys.https.http2.fields import BlockDecoder, StreamError, request_head
from decnet_decoys.https.http2.frames import Frame, FrameReader, Http2Error
from decnet_decoys.smtp.commands import Session, answer
from decnet_decoys.smtp.incoming import LONGEST_LINE, Incoming
from decnet_decoys.smtp.profile import SmtpProfile
from decnet_decoys.telnet.inetutils import Negotiation
from decnet_decoys.telnet.options import Options

PIECE = 64
"""Bytes that are fed at once."""


def pieces(data: bytes) -> list[bytes]:
    return [data[at : at + PIECE] for at in range(0, len(data), PIECE)]


def telnet(data: bytes) -> None:
    """Both telnetds, fed in pieces."""
    for reader in (Options(), Negotiation()):
        for piece in pieces(data):
            typed, answers = reader.feed(piece)
            assert len(typed) <= len(piece)
            assert len(answers) <= 200 + 100 * len(piece)
        assert len(reader._subnegotiation) <= 512
        assert len(reader.offered) <= 16 + 3


def smtp(data: bytes) -> None:
    """Each line has an answer; what waits is bounded."""
    incoming, session = Incoming(), Session(profile=SmtpProfile(), name="mail.example.org")
    for piece in pieces(data):
        incoming.feed(piece)
        while (line := incoming.line()) is not None:
            assert len(line) <= LONGEST_LINE
            made = answer(session, line)
            assert made.then in ("", "data", "bdat", "tls", "auth", "end")
            assert made.text or made.then in ("bdat", "auth")
        assert incoming.held <= LONGEST_LINE


def http2_frames(data: bytes) -> None:
    """Frames are the same in whatever pieces they come."""
    assert frames_of([data]) == frames_of(pieces(data))


def frames_of(sent: list[bytes]) -> tuple[list[Frame], str]:
    """Return the frames read, the pieces of each DATA frame joined, and the error that ended it."""
    reader, found = FrameReader(), list[Frame]()
    try:
        for data in sent:
            reader.feed(data)
            for each in reader.frames():
                if each.first:
                    found.append(each)
                else:
                    found[-1] = found[-1]._replace(payload=found[-1].payload + each.payload, last=each.last)
    except Http2Error as error:
        return found, error.code.name
    return found, ""


def http2_fields(data: bytes) -> None:
    """A block is fields or an error, also after others: each begins with its length."""
    decoder, at = BlockDecoder(), 0
    try:
        while at < len(data):
            end = at + 1 + data[at]
            request_head(field for part in decoder.decoded(data[at + 1 : end]) for field in part)
            at = end
    except (Http2Error, StreamError):
        pass


TARGETS: dict[str, Callable[[bytes], None]] = {
    "telnet": telnet, "smtp": smtp, "http2_frames": http2_frames, "http2_fields": http2_fields,
}  # fmt: skip
SEEDS = {
    "telnet": (
        b"".join(bytes((255, 252, option)) for option in (24, 32, 35, 36)) + b"\xff\xfe\x25\xff\xfe\x26\xff\xfc\x27",
        b"\xff\xfd\x03\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0root\r\0\xff\xf6\x03\x1a",
        b"\xff\xfa\x18\0XTERM\xff\xf0\xff\xfa\x27\0\0USER\1-f root\xff\xf0\xff\xfa\x20\x0038400,38400\xff\xf0",
    ),
    "smtp": (
        b"EHLO x\r\nMAIL FROM:<a@b> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n",
        b"HELO x\r\nAUTH PLAIN AGEAYg==\r\nSTARTTLS\r\nBDAT 3 LAST\r\nVRFY root\r\nRSET\r\nNOOP\r\nGET / HTTP/1.1\r\n",
    ),
    "http2_frames": (
        b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\0\x04\x08\0\0\0\0\0\0\0\xff\xff",
        b"\0\0\x01\x01\x05\0\0\0\x01\x82\0\0\x05\0\x01\0\0\0\x01hello\0\0\x08\x06\0\0\0\0\0" + bytes(8),
    ),
    "http2_fields": (
        b"\x04\x82\x86\x84\x41\x0f\x40\x0acustom-key\x05value\x02\xbe\x3f",
        b"\x11\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
    ),
}
"""Inputs to begin with."""
