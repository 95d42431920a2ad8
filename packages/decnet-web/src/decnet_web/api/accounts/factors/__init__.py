# SPDX-License-Identifier: MIT
"""What proves who somebody is: passwords, one-time codes, passkeys."""
