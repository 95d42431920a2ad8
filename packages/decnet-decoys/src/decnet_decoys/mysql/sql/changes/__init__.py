# SPDX-License-Identifier: MIT
"""How rows change beside INSERT, UPDATE and DELETE: they are loaded out of files, and taken back to a savepoint."""
