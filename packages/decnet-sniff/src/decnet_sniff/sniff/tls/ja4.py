# SPDX-License-Identifier: MIT
"""JA4, the TLS client fingerprint, by FoxIO's technical description (BSD 3-Clause; JA4+ is another licence, not here).

https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md. Where it is incomplete: GREASE is omitted from
signature algorithms too ("anywhere it sees them"), and "the highest value" of supported_versions is the highest number,
also for DTLS, whose versions count down: a client that offers 1.2 and 1.3 is "d2".
"""

from decnet_sniff.protocols import digests
from decnet_sniff.sniff.tls.hello import ALPN, SERVER_NAME, ClientHello, without_grease

TCP, QUIC, DTLS = "t", "q", "d"

EMPTY = "000000000000"

_VERSIONS = {
    0x0304: "13",
    0x0303: "12",
    0x0302: "11",
    0x0301: "10",
    0x0300: "s3",
    0x0002: "s2",
    0xFEFF: "d1",
    0xFEFD: "d2",
    0xFEFC: "d3",
}


def ja4(hello: ClientHello, transport: str) -> str:
    """Return the fingerprint, such as t13d1516h2_8daaf6152771_e5627efa2ab1; `transport` is TCP, QUIC or DTLS."""
    head, ciphers, rest = _parts(hello, transport)
    return f"{head}_{_digest(ciphers)}_{_digest(rest)}"


def ja4_r(hello: ClientHello, transport: str) -> str:
    """Return the raw form (JA4_r): the lists themselves instead of their digests."""
    return "_".join(_parts(hello, transport))


def _parts(hello: ClientHello, transport: str) -> tuple[str, str, str]:
    ciphers = without_grease(hello.ciphers)
    extensions = without_grease(hello.extensions)
    head = "".join((
        transport,
        _version(hello),
        "d" if SERVER_NAME in extensions else "i",
        f"{min(len(ciphers), 99):02}{min(len(extensions), 99):02}",
        _ends(hello.alpn[0] if hello.alpn else b""),
    ))  # fmt: skip
    listed = _hex(sorted(kind for kind in extensions if kind not in (SERVER_NAME, ALPN)))
    signatures = _hex(without_grease(hello.signatures))
    return head, _hex(sorted(ciphers)), f"{listed}_{signatures}" if listed and signatures else listed


def _version(hello: ClientHello) -> str:
    offered = without_grease(hello.versions) or [hello.version]
    return _VERSIONS.get(max(offered), "00")


def _ends(name: bytes) -> str:
    """Return the first and last character of the first ALPN protocol, of its hexadecimal form if need be."""
    if not name:
        return "00"
    ends = name[:1] + name[-1:]
    text = ends.decode("latin-1") if ends.isalnum() else name.hex()
    return text[0] + text[-1]


def _hex(values: list[int]) -> str:
    return ",".join(f"{value:04x}" for value in values)


def _digest(text: str) -> str:
    return digests.sha256(text.encode())[:12] if text else EMPTY
