# SPDX-License-Identifier: MIT
"""The workers of the master: one folder each, with the one word that names the worker everywhere.

No folder imports another; what two of them need lives in `decnet_core` or in a domain of `decnet_models`.
"""
