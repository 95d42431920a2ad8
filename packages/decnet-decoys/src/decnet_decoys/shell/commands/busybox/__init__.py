# SPDX-License-Identifier: MIT
"""BusyBox as Debian builds it: its applets, and what they say and show otherwise than the programs of their names."""
