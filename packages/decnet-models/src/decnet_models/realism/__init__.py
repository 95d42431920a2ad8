# SPDX-License-Identifier: MIT
"""The synthetic users of the deckies: personas, and the actions that make the fleet look alive.

Tables: persona, written by the operator; synthetic_action, written by orchestrator.
"""
