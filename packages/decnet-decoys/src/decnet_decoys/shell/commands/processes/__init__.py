# SPDX-License-Identifier: MIT
"""Commands about processes: which run, what they may do and hold open, and how they are ended."""
