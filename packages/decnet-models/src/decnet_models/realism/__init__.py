# SPDX-License-Identifier: MIT
"""Who seems to live on the deckies, and what they did: personas, and the synthetic actions that enliven the fleet.

Tables: persona, written by the operator; synthetic_action, written by orchestrator.
"""
