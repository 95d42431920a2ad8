# SPDX-License-Identifier: MIT
"""The active prober: asks who came to a decoy what he runs himself, and only him, and seldom.

`safety` decides alone who may be asked and how often. `jarm`, `certificate` and `der` build and read bytes; `asking`
owns the sockets, and `stack_child` the one that needs CAP_NET_RAW.
"""
