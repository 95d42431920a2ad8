# SPDX-License-Identifier: MIT
"""Sorting subjects into groups by evidence: what the domains identities and campaigns share. No domain itself.

`shape` declares a domain's tables, the other modules read and write tables of that shape.
"""
