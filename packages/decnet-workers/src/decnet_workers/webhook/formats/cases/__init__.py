# SPDX-License-Identifier: MIT
"""Formats of platforms where analysts work on cases and share indicators."""
