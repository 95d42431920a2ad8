# SPDX-License-Identifier: MIT
"""TCP and UDP: the flow table, and the protocol of the first bytes of each direction. Pure."""
