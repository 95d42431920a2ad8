# SPDX-License-Identifier: MIT
"""Processor time of the one event loop that all deckies share: what each used, which runs next, what took too long.

`turn` is for loops that a client drives: they ask it when to let others run. `scheduler` runs the event loop's
callbacks in the order of what their clients have used (`account`) and reports those that took too long.
"""
