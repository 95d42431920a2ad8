# SPDX-License-Identifier: MIT
"""Groups subjects by evidence: what the domains identities and campaigns share. Not a domain itself.

`shape` declares a domain's tables; the other modules are the queries of both domains, given their `Grouping`.
"""
