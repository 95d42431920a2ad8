# SPDX-License-Identifier: MIT
"""The deckies: as they should be, as they are, and everything that ever changed.

Tables: decky, decky_service, written by the operator and by mutate, each saying which version it read; decky_policy, by
the operator; decky_state, by reconciler; decky_change, by all three, in the transaction of what it tells of.
"""
