# SPDX-License-Identifier: MIT
"""Decoys: one process that plays many deckies, each with a persona, and records every connection to them.

`fleet` says which deckies there are, `personas` what each claims to be. `services` is what all services have in common,
`ssh` and `http` are services. `shell` is the machine that an intruder believes in (pure, executes nothing), `terminal`
lets one use it, `evidence` keeps what they did. `worker` ties all to one event loop.
"""
