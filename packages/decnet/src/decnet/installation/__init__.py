# SPDX-License-Identifier: MIT
"""What of a fleet has to follow when another version of the programs is installed."""
