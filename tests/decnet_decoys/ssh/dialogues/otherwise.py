# SPDX-License-Identifier: MIT
"""Dialogues in which the decoys differ from the real server, and why."""

from __future__ import annotations

INPUT = "a command of the decoy's reads its input to the end before it does anything"
TERMINAL = "the decoy's terminal knows no modes, no rows and no keys but its line editor's"
SIGNAL = "the decoy's shell says 128 and the number"
PIPE = "a real command has ended while its output waits in a pipe; the decoy's waits for the client's window"
ASH = "the persona's shell is BusyBox's"
NO_DNS = "the decoy asks no name server"
NOWHERE = "the decoy listens nowhere"
MOTD = "the real servers here run without PAM and its message of the day"
SCP = "the decoy takes any target at first, only receives by scp, and knows one complaint"
GOES_ON = "the real servers close a channel when its command has ended; the decoy's command is ended by the close"
RACE = "whether the end is read before the first answer is a race"
LIMITS = "this machine lets a process have more files than Debian's 1024"
FOLDER = "the decoy does not open a folder as a file"
_OF_BOTH = {
    "two channels": "which command ends first is a race",
    "a command that is killed": SIGNAL,
    "an end by a signal": SIGNAL,
    "a command with an error of grammar": "bash names the end of the line",
    "a shell without a terminal": MOTD,
    "a shell, then a command": MOTD,
    "a shell twice": MOTD,
    "scp to nowhere": SCP,
    "scp from nowhere": SCP,
    "scp of nonsense": SCP,
    "a close while a command runs": GOES_ON,
    "an end and a close": GOES_ON,
    "limits": LIMITS,
    "sftp, then the end": RACE,
    "a tunnel to no name": NO_DNS,
    "a tunnel to a name that is none": NO_DNS,
    "new keys amid data": INPUT,
    "two channels that echo": INPUT,
    "a wrong MAC amid data": INPUT,
    "a command that reads a part": INPUT,
    "a terminal that echoes": TERMINAL,
    "a terminal without echo": TERMINAL,
    "a terminal that keeps LF": TERMINAL,
    "a terminal that does nothing to output": TERMINAL,
    "a terminal that keeps CR": TERMINAL,
    "a terminal with another key to interrupt": TERMINAL,
    "a terminal without signals": TERMINAL,
    "an interrupt in a terminal": TERMINAL,
    "a quit in a terminal": TERMINAL,
    "an erasure in a terminal": TERMINAL,
    "an end in a terminal": TERMINAL,
    "a mode of 160": TERMINAL,
    "a size, and a command that tells it": TERMINAL,
    "a size that changes": TERMINAL,
    "a size beyond 16 bits": TERMINAL,
    "sftp of a packet of length 0": "not looked into: sftp-server says nothing and stays",
    "a folder that is made and removed": FOLDER,
    "a file to append to": "the decoy writes at the offset",
    "realpath of 5,000 bytes": "the decoy's paths may be longer than PATH_MAX",
}
OTHERWISE = {
    "openssh": _OF_BOTH
    | {
        "a channel with a window of 0": PIPE,
        "a window of 3": PIPE,
        "a window of 3 that grows": PIPE,
        "a window of 10, and more by 5": PIPE,
        "streamlocal-forward to nowhere": NOWHERE,
        "a listener's socket in /nonexistent": NOWHERE,
        "a listener on any port, without a reply": "sshd says then that forwarding is disabled",
        "compression of a megabyte of zeros": "no packet holds more than 256 KiB here, for a bomb would hold the loop",
        "a command that leaves another": "what runs in the background has no output of its own here",
    },
    "dropbear": _OF_BOTH
    | {
        "keys and passwords until it is too much": "dropbear waits longer after each try",
        "ten keys of many kinds": "dropbear counts no key of an algorithm that it does not know",
        "six wrong passwords, then the right one": "the persona lets in who guesses that often",
        "data with a byte too many": INPUT,
        "a command that is not there": ASH,
        "a shell with a byte too many": ASH,
        "a version of 260 bytes without an end": "not looked into: dropbear waits for more",
        "modes without an end": "not looked into: dropbear ends over them",
        "a terminal's name of 300 letters": "not looked into: dropbear refuses it",
        "a listener on any port, without a reply": "dropbear answers all the same",
    },
}
