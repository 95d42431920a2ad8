# SPDX-License-Identifier: MIT
"""Makes deckies be what they should be on this host, whether a database says that or the master of a sensor.

`desired` is what should be, `plan` and `retry` decide what to do (pure), `runtimes` do it, `netlink` speaks to the
kernel for them; `passes` is one look at everything, and a `ledger` says what should be and keeps what came of it.
"""
