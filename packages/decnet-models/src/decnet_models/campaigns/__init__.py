# SPDX-License-Identifier: MIT
"""Identities grouped into campaigns by infrastructure, payload, methods and time.

Tables: campaign and campaign_member, _evidence, _feature, _change, _moved, _rhythm, written by campaign-clusterer;
campaign_decision, the operator's decisions. Its queries are those of `decnet_models.grouping` with `tables.CAMPAIGNS`
and those of the modules here.
"""
