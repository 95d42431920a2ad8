# SPDX-License-Identifier: MIT
"""What the server says of itself: INFO, and the parameters of CONFIG."""
