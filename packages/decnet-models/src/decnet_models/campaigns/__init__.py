# SPDX-License-Identifier: MIT
"""What the identities are up to together: identities sorted into campaigns by infrastructure, payload, ways and time.

Tables: campaign and campaign_member, _evidence, _feature, _change, _moved, written by campaign-clusterer;
campaign_decision, the operator's word.
Its queries are those of `decnet_models.grouping` with `tables.CAMPAIGNS`.
"""
