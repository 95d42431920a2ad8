# SPDX-License-Identifier: MIT
"""Which source a peer is, how much one source may do, and the sockets that peers reach us by.

`addresses` canonicalises and says what "one source" is, `rates` limits how often it may act, `connections` how much it
may hold open, `sockets` binds. All but `sockets` is pure; callers bring the time.
"""
