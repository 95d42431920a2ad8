# SPDX-License-Identifier: MIT
"""The command `decnet canary`: `canary` makes tokens, `upkeep` keeps them, `places` plants them."""
