# SPDX-License-Identifier: MIT
"""The threat score of an attacker: of what it did, and of what others say of it."""
