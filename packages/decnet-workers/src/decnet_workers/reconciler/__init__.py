# SPDX-License-Identifier: MIT
"""The worker `reconciler`: makes the deckies of this host be what the database says.

`decnet_core.placement` does it; here is what the database has to do with it: orders from rows, leases, records.
"""
