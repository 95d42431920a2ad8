# SPDX-License-Identifier: MIT
"""The embedded NATS server: accepts connections, authorises them and routes messages; keeps none of them."""
