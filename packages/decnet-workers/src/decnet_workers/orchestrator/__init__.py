# SPDX-License-Identifier: MIT
"""The worker `orchestrator`: makes the deckies look used.

Pure: `working_hours`, `plan`, `scripts`, `documents` with `grammar` and `genres`. With sockets: `announced` (which has
decoys take a connection for synthetic), `web_visit`, `shell_visit`. `schedule` is what is read from the database and
written to it.
"""
