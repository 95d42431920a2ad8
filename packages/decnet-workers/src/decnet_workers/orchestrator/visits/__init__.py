# SPDX-License-Identifier: MIT
"""The clients of synthetic sessions: one module for each protocol, and how they connect (`announced`)."""
