# SPDX-License-Identifier: MIT
"""Attackers grouped into identities by what they share.

Tables: identity and identity_member, _evidence, _feature, _change, _moved, _attacker, _sketch, _core, _pending, written
by clusterer; identity_decision, the operator's decisions, which overrule evidence. Its queries are those of
`decnet_models.grouping` with `tables.IDENTITIES`, those of the modules here, and what the clusterer keeps for itself.
"""
