# SPDX-License-Identifier: MIT
"""What a supervisor does for workers that are parked: listens in their place, holds their sockets, and wakes them."""
