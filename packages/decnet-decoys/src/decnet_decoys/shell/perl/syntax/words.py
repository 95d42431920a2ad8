# SPDX-License-Identifier: MIT
"""Perl's operators by how strongly they bind, and its functions by what follows them (perlop(1), perlfunc(1))."""

from __future__ import annotations

import re

BINARY = {
    "or": 1, "xor": 1, "and": 2, ",": 5, "=>": 5, "?": 7, "..": 8, "...": 8, "||": 9, "//": 9, "&&": 10, "|": 11,
    "^": 11, "&": 12, "==": 13, "!=": 13, "<=>": 13, "eq": 13, "ne": 13, "cmp": 13, "<": 14, ">": 14, "<=": 14,
    ">=": 14, "lt": 14, "gt": 14, "le": 14, "ge": 14, "<<": 16, ">>": 16, "+": 17, "-": 17, ".": 17, "*": 18, "/": 18,
    "%": 18, "x": 18, "=~": 19, "!~": 19, "**": 21,
}  # fmt: skip
ASSIGNMENT, LIST, NAMED_UNARY, UNARY, POWER = 6, 5, 15, 20, 21
OPERATOR = re.compile(
    r"<=>|\*\*=|\|\|=|&&=|//=|<<=|>>=|\.\.\.|\*\*|=~|!~|==|!=|<=|>=|=>|&&|\|\||//|\.\.|[-+*/.%&|^]=|<<|>>"
    r"|x=(?!=)|x(?=\d)|(?:lt|gt|le|ge|eq|ne|cmp|x|and|or|xor)\b(?!\s*=>)|[-+*/%=<>?:.,&|^]"
)
NAME = re.compile(r"[A-Za-z_]\w*(?:(?:::|')[A-Za-z_]\w*)*(?:::)?")
KEY = re.compile(r"\s*(-?[A-Za-z_]\w*)\s*\}")
FAT_COMMA = re.compile(r"\s*=>")
NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:\.(?!\.)\d*)?(?:[eE][-+]?\d+)?\.?(?![.\w])|\d[\d_]*"
)
VARIABLE = re.compile(r"(?:::)?[A-Za-z_]\w*(?:(?:::|')(?=\w)\w+)*|\d+|\^[A-Z]|[&!@0,;./\\<>()\[\]$|~+?\"'-](?!\w)|_")
ENDS = re.compile(
    r"[;)\]}:?,=]|$|(?:or|and|if|unless|while|until|for|foreach|x|eq|ne|lt|gt|le|ge|cmp|xor)\b(?!\s*=>)|[*.<>|&]{1,2}\s"
)
FILE_TEST = re.compile(r"-([a-zA-Z])(?=\s*[\s\"'$(/_])(?!\s*(?:=>|,))")

NO_ARGUMENTS = frozenset(("time", "times", "wait", "getppid", "fork", "wantarray", "break", "__FILE__", "__LINE__"))
ONE_ARGUMENT = frozenset(
    [
        "defined",
        "ref",
        "scalar",
        "lc",
        "uc",
        "lcfirst",
        "ucfirst",
        "length",
        "chr",
        "ord",
        "int",
        "hex",
        "oct",
        "abs",
        "sqrt",
        "log",
        "exp",
        "sin",
        "cos",
        "rand",
        "srand",
        "shift",
        "pop",
        "keys",
        "values",
        "each",
        "exists",
        "delete",
        "quotemeta",
        "chdir",
        "rmdir",
        "readlink",
        "stat",
        "lstat",
        "fileno",
        "close",
        "exit",
        "umask",
        "glob",
        "sleep",
        "localtime",
        "gmtime",
        "caller",
        "undef",
        "study",
        "pos",
        "alarm",
        "require",
        "chroot",
        "closedir",
        "readdir",
        "rewinddir",
        "chomp",
        "chop",
        "lock",
        "eof",
        "getpwnam",
        "getpwuid",
        "getgrgid",
        "getgrnam",
        "gethostbyname",
        "getprotobyname",
        "getc",
        "readline",
        "chdir",
        "fc",
    ]
)
SEVERAL = frozenset(
    [
        "push",
        "unshift",
        "splice",
        "join",
        "split",
        "sprintf",
        "reverse",
        "die",
        "warn",
        "return",
        "open",
        "opendir",
        "binmode",
        "unlink",
        "rename",
        "mkdir",
        "chmod",
        "chown",
        "utime",
        "system",
        "exec",
        "kill",
        "waitpid",
        "index",
        "rindex",
        "substr",
        "sprintf",
        "pack",
        "unpack",
        "atan2",
        "bless",
        "select",
        "socket",
        "connect",
        "bind",
        "listen",
        "accept",
        "send",
        "recv",
        "shutdown",
        "setsockopt",
        "printf",
        "print",
        "say",
        "sysread",
        "syswrite",
        "read",
        "seek",
        "tell",
        "truncate",
        "link",
        "symlink",
        "wantarray",
        "local",
        "crypt",
        "vec",
        "lc",
        "sysopen",
        "pipe",
        "ioctl",
        "fcntl",
        "flock",
        "dup2",
        "setpgrp",
        "getppid",
        "wait",
        "tie",
        "formline",
        "exists",
        "syscall",
    ]
)
