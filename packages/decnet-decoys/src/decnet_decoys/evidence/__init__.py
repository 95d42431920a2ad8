# SPDX-License-Identifier: MIT
"""What is kept of an attack: events of connections and sessions, recordings, captured files, the session journal."""
