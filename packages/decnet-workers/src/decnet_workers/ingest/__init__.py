# SPDX-License-Identifier: MIT
"""The worker `ingest`: moves the spools of this host into the event log, each event exactly once.

`lines` sorts lines into events and rejects, `open_spools` finds and reads spools, `intake` is one pass from the spools
to a commit, `worker` repeats it.
"""
