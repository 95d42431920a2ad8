# SPDX-License-Identifier: MIT
"""The worker `reconciler`: makes the deckies of this host be what the database says.

`desired` is what should be, `plan` and `retry` decide what to do (pure), `runtimes` do it, `netlink` speaks to the
kernel for them.
"""
