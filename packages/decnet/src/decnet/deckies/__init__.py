# SPDX-License-Identifier: MIT
"""The desired fleet as the operator changes it: documents, checks, plans, and the transaction that applies one.

`document` reads a file into `wanted` deckies, `resolve` turns these into rows or says why they cannot be, `plan`
compares rows, `commit` writes them. None but `commit` writes anything, and none prints: a command, or an API, does.
"""
