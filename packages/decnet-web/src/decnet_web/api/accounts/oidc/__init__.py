# SPDX-License-Identifier: MIT
"""Log-in through a provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0)."""
