# SPDX-License-Identifier: MIT
"""The commands that bash itself has (bash(1), Shell Builtin Commands), in the order in which `enable` lists them."""

_BUILTINS_NAMES = """
. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo
enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd
printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset
ulimit umask unalias unset wait
"""
BUILTINS = tuple(_BUILTINS_NAMES.split())
