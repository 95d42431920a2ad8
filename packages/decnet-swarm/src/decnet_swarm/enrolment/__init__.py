# SPDX-License-Identifier: MIT
"""How a sensor gets its first certificate, and each next one.

On the master `server` accepts requests within `rate_limit`, and has each signed by a child process (`signing_requests`,
`signer_child`). On the sensor `client` enrols, and `renewal_loop` renews in a child of its own (`renewal_child`). Both
speak `messages`, the client by `exchange`.
"""
