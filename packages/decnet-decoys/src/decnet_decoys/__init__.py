# SPDX-License-Identifier: MIT
"""Decoys: one process that plays many deckies, each with a persona, so that whoever touches them is recorded.

`fleet` says which deckies there are, `personas` what each claims to be, `shell` is the machine an intruder believes in
(pure, executes nothing), `ssh` and `http` are the services, `worker` ties them to one event loop.
"""
