# SPDX-License-Identifier: MIT
"""Numbers and bytes as they are written in statements."""

from decimal import Decimal
from typing import Any

from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.parsing import Node
from decnet_decoys.mysql.sql.values import Value, within


def literal_number(node: Node, *_: Any) -> Value:
    word = node.args[0]
    if "e" in word.lower():
        return within(float(word))
    return Decimal(word[:80]) if "." in word else int(word[:80])


def literal_bytes(node: Node, *_: Any) -> Value:
    word = node.args[0]
    step(len(word) // 1024)
    if word[:2] == "0x":
        digits = word[2:]
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    if word[0] in "xX":
        return bytes.fromhex(word[2:-1])
    bits = word[2:].rstrip("'")[:512]
    return int(bits or "0", 2).to_bytes(max(1, (len(bits) + 7) // 8), "big")
