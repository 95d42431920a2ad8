# SPDX-License-Identifier: MIT
"""Sources of connections, their limits, and the sockets they connect to.

`addresses` canonicalises and says what "one source" is, `special_purpose` which addresses are not public, `rates` how
often a source may act, `connections` how much it may hold open, `sockets` binds; `http_head` and `der` parse what peers
send; `inherited` takes over sockets from another process, `unix_peer` tells whose process that is. All but `sockets`,
`inherited` and `unix_peer` is pure; callers bring the time.
"""
