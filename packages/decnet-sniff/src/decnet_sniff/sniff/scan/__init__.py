# SPDX-License-Identifier: MIT
"""Port scans and host sweeps, fast or slow, in bounded memory. Pure."""
