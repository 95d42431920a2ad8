# SPDX-License-Identifier: MIT
"""stty(1): the terminal's size and modes, as sshd sets them for a client that asks for none of its own."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.programs import command

_SPEED = "speed 38400 baud; "
_EVERYTHING = """\
intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;
eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;
werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;
-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts
-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff
-iuclc -ixany -imaxbel -iutf8
opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0
isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt
echoctl echoke -flusho -extproc
"""
_UNUSUAL = "-brkint -imaxbel\n"
"""What differs from the modes that a terminal has when it is made sane."""


@command("stty")
def stty(call: Call) -> int:
    """Show the terminal's size or modes, or take others; there is none on a channel without one."""
    shell = call.shell
    if shell.terminal is None:
        return call.fail("'standard input': Inappropriate ioctl for device")
    if call.args == ["size"]:
        call.print(f"{shell.rows} {shell.columns}")
    elif call.args in (["-a"], ["--all"]):
        call.print(f"{_SPEED}rows {shell.rows}; columns {shell.columns}; line = 0;\n{_EVERYTHING}".rstrip("\n"))
    elif not call.args:
        call.print(f"{_SPEED}line = 0;\n{_UNUSUAL}".rstrip("\n"))
    return 0
