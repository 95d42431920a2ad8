# SPDX-License-Identifier: MIT
"""The worker `sensor-reconciler`: makes the deckies of this host be what its master assigns.

`decnet_core.placement` does it; here are the files that stand for a database.
"""
