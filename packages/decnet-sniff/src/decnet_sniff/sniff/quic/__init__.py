# SPDX-License-Identifier: MIT
"""QUIC Initial packets: opened with the keys that everyone on the path can derive, for the TLS hellos in them."""
