# SPDX-License-Identifier: MIT
"""The kinds by name, each with its module: one line here is all that a new one needs beside it."""

import importlib

from decnet.canary.kinds.kind import Kind

MODULES = {
    "url": "links.url",
    "webbug": "links.webbug",
    "dns": "links.dns",
    "redirect": "links.redirect",
    "qr": "links.qr",
    "cloned-site": "links.clonedsite",
    "docx": "documents.docx",
    "xlsx": "documents.xlsx",
    "pptx": "documents.pptx",
    "pdf": "documents.pdf",
    "html": "documents.html",
    "svg": "documents.svg",
    "ics": "documents.ics",
    "vcard": "documents.vcard",
    "sql": "documents.sql",
    "env": "credentials.dotenv",
    "git": "credentials.git",
    "ssh-key": "credentials.sshkey",
    "aws": "credentials.aws",
    "gcp": "credentials.gcp",
    "azure": "credentials.azure",
    "kubeconfig": "credentials.kubeconfig",
    "docker": "credentials.docker",
    "wireguard": "credentials.wireguard",
    "connection": "credentials.connection",
    "login": "credentials.login",
    "windows-folder": "windows.folder",
    "windows-shortcut": "windows.shortcut",
}


def kind_named(name: str) -> Kind:
    """Return a kind of MODULES; its module is loaded now, and what it makes keys with only when it makes one."""
    found: Kind = importlib.import_module(f"decnet.canary.kinds.{MODULES[name]}").KIND
    return found
