# SPDX-License-Identifier: MIT
"""The lines that workers put aside."""
