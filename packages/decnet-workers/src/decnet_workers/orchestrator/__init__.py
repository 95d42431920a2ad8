# SPDX-License-Identifier: MIT
"""The worker `orchestrator`: makes the deckies look used.

Pure: `working_hours`, `plan`, `scripts`. With sockets: `announced` (a connection that decoys takes for synthetic),
`web_visit`, `shell_visit`. `schedule` is what is read from and written to the database.
"""
