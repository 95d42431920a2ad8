# SPDX-License-Identifier: MIT
"""Questions to the operator's resolvers: `message` is the format, `client` asks."""
