# SPDX-License-Identifier: MIT
"""`decnet drill`: attacks a running fleet from outside, with real clients, and checks that everything is reported.

`script` is what is done, `ssh`, `web` and `dns` are the clients, `receiver` receives the webhook, `checks` and
`examination` find out whether and how soon each action was reported, `private` runs a fleet of its own for it.
"""
