# SPDX-License-Identifier: MIT
"""MuonFP: window, option kinds in wire order, MSS and window scale of a SYN or SYN+ACK.

By the draft specification 0.9 (github.com/sundruid/muonfp): decimal, joined with colons; a field is empty when its
option is absent, and zero only when its value is zero.
"""

from decnet_sniff.protocols.stack import Stack


def muonfp(stack: Stack) -> str:
    """Return the fingerprint, e.g. `64240:2-4-8-1-3:1460:7`."""
    kinds = "-".join(map(str, stack.kinds))
    mss = "" if stack.mss is None else stack.mss
    scale = "" if stack.scale is None else stack.scale
    return f"{stack.window}:{kinds}:{mss}:{scale}"
