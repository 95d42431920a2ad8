# SPDX-License-Identifier: MIT
"""Workers that follow committed rows: one step loop, cursors and leases, batches, retries, replay.

`step_loop` repeats a worker's steps (law 2: nudge or poll), `batch_processor` turns a batch of events into results and
a moved cursor in one transaction, `cursor_position` and `shard_leases` say where that cursor is and whose it is.
"""
