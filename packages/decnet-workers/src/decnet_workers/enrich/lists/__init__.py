# SPDX-License-Identifier: MIT
"""Lists of addresses: `fetch` gets them whole, `lines` reads them, `address_list` keeps and searches them."""
