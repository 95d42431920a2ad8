# SPDX-License-Identifier: MIT
"""`decnet drill`: attacks a running fleet from outside, with real clients, and checks that everything is told.

`script` is what is done, `ssh`, `web` and `dns` are the clients, `receiver` hears the webhook, `checks` and
`examination` say whether and how soon each thing was told, `private` runs a fleet of its own for it.
"""
