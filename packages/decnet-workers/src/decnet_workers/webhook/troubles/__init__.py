# SPDX-License-Identifier: MIT
"""Where the fleet's own troubles are seen: what sensors, the database and units of systemd are in."""
