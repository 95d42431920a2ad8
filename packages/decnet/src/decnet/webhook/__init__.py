# SPDX-License-Identifier: MIT
"""`decnet webhook`: adds endpoints, shows their secrets, writes test notices."""
