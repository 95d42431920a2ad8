# SPDX-License-Identifier: MIT
"""Alembic migrations: one chain, `versions/NNNN_domain.py`; the only place besides `decnet-db` that loads Alembic.

They name tables by text and never import the live ones: an old migration must not change with the code. References
across domains are real foreign keys here and plain columns in the classes.
"""
