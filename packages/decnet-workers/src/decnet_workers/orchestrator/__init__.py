# SPDX-License-Identifier: MIT
"""The worker `orchestrator`: makes the deckies look used.

Pure: `working_hours`, `plan`, `scripts`, `documents` with `grammar` and `genres`. With sockets: `visits`, whose
`announced` has decoys take a connection for synthetic. `schedule` is what is read from the database and written to it.
"""
