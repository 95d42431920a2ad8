# SPDX-License-Identifier: MIT
"""Values as SSH has them on the wire (RFC 4251 §5)."""


def string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value
