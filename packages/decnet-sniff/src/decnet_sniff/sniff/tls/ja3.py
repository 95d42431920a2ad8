# SPDX-License-Identifier: MIT
"""JA3 and JA3S, as published by Salesforce (https://github.com/salesforce/ja3): decimal numbers, then MD5.

JA3 is version, ciphers, extensions, groups and point formats of a ClientHello; JA3S version, cipher and extensions of a
ServerHello. Fields are joined by commas, lists by dashes, an empty list is an empty field; GREASE is omitted. The
version is the hello's own field, not the extension supported_versions, which is newer than JA3.
"""

from collections.abc import Iterable

from decnet_sniff.protocols import digests
from decnet_sniff.sniff.tls.hello import ClientHello, ServerHello, without_grease


def ja3_text(hello: ClientHello) -> str:
    """Return the text that JA3 is the digest of."""
    lists = (hello.ciphers, hello.extensions, hello.groups)
    return ",".join(
        [str(hello.version), *(_dashed(without_grease(one)) for one in lists), _dashed(hello.point_formats)]
    )


def ja3s_text(hello: ServerHello) -> str:
    """Return the text that JA3S is the digest of."""
    return f"{hello.version},{hello.cipher},{_dashed(without_grease(hello.extensions))}"


def digest(text: str) -> str:
    """Return the MD5 of a JA3 or JA3S text, 32 hexadecimal digits."""
    return digests.md5(text.encode())


def _dashed(values: Iterable[int]) -> str:
    return "-".join(map(str, values))
