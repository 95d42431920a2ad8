# SPDX-License-Identifier: MIT
"""Perl's text to nodes: what the parser reads, and the nodes that are then evaluated."""
