# SPDX-License-Identifier: MIT
"""Functions of SQL by what they are about: `dates`, `words`, `numbers`; `sql.functions` has the rest and joins all."""
