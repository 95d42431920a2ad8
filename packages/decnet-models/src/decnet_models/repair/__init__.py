# SPDX-License-Identifier: MIT
"""Rebuilds the damaged indexes of a SQLite database, after a copy; the tables have everything that indexes have.

A worker that meets damage runs `child`, a process of its own that ends when it is done: workers stay small. The child
imports the standard library and `decnet_core` only. `decnet-db reindex` is the same for an operator.
"""
