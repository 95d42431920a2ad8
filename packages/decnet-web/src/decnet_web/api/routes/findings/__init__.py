# SPDX-License-Identifier: MIT
"""What the fleet has seen: events, attackers, sessions, files, techniques, identities."""
