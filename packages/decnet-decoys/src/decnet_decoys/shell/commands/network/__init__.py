# SPDX-License-Identifier: MIT
"""Commands about the network: interfaces, routes, sockets, the firewall, and what would reach other hosts."""
