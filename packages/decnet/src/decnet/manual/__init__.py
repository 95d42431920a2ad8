# SPDX-License-Identifier: MIT
"""Manual pages, shell completion and the reference, made from what parses the command lines."""
