# SPDX-License-Identifier: MIT
"""Who is connected to a Redis, and what they may do."""
