# SPDX-License-Identifier: MIT
"""TCP and UDP: the table of flows, the first bytes of each direction and the protocol that they are. Pure."""
