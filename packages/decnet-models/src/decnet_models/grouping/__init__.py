# SPDX-License-Identifier: MIT
"""Sorting subjects into groups by evidence: what the domains identities and campaigns share. No domain itself.

`shape` declares a domain's tables; the other modules are the queries of both domains, which take the `Grouping` meant.
"""
