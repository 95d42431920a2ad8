# SPDX-License-Identifier: MIT
"""`decnet up`: runs one fleet on one state directory, shows it and stops it."""
