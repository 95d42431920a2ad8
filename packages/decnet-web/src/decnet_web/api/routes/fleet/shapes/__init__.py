# SPDX-License-Identifier: MIT
"""What the routes of the fleet answer and take; fields are named as those of the structs that they show."""
