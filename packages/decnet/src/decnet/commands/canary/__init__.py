# SPDX-License-Identifier: MIT
"""The command `decnet canary`."""
