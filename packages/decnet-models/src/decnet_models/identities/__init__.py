# SPDX-License-Identifier: MIT
"""Who is behind the addresses: attackers sorted into identities by what they share.

Tables: identity and identity_member, _evidence, _feature, _change, _moved, written by clusterer; identity_decision, the
operator's word, which no evidence overrules.
Its queries are those of `decnet_models.grouping` with `tables.IDENTITIES`.
"""
