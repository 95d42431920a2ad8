# SPDX-License-Identifier: MIT
"""What others know about addresses, and how they are asked anew."""
