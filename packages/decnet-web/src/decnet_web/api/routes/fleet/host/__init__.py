# SPDX-License-Identifier: MIT
"""The host of the fleet: its settings, its database, lines that were put aside, what workers handle again."""
