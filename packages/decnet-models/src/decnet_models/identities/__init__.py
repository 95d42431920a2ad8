# SPDX-License-Identifier: MIT
"""Attackers grouped into identities by what they share.

Tables: identity and identity_member, _evidence, _feature, _change, _moved, written by clusterer; identity_decision, the
operator's decisions, which overrule evidence. Its queries are those of `decnet_models.grouping` with
`tables.IDENTITIES`.
"""
