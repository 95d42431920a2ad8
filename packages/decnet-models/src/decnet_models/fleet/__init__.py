# SPDX-License-Identifier: MIT
"""The deckies: desired state, actual state, and the history of changes.

Tables: decky, decky_address, decky_service, written by the operator and by mutate, each naming the version it read;
decky_policy, by the operator; decky_state and decky_lease, by reconciler, which also writes leased
addresses, and deletes deckies that were removed;
decky_change, by all three, in the transaction of the change.
"""
