# SPDX-License-Identifier: MIT
"""What is mounted, on which disks: shown alike by all commands, and changed by root for all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet_decoys.decky_host import Player

MakePlayer = Callable[..., Player]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("mount -t tmpfs -o size=10m,noexec tmpfs /mnt; mount | tail -n 1; tail -n 1 /proc/mounts; umount /mnt; "
         "mount | grep -c /mnt",
         "tmpfs on /mnt type tmpfs (rw,noexec,size=10m,relatime)\n"
         "tmpfs /mnt tmpfs rw,noexec,size=10m,relatime 0 0\n0\n"),
        ("cd /; mount --bind tmp mnt && findmnt -no SOURCE,FSTYPE /mnt; mount -o bind /etc /mnt; umount mnt mnt; "
         "mount | grep -c /mnt", "/dev/vda1 ext4\n0\n"),
        ("mount -t proc", "proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)\n"),
        ("mount /dev/vda1 /mnt; mount | grep /mnt; umount /dev/vda1; echo $?",
         "/dev/vda1 on /mnt type ext4 (rw,relatime)\n0\n"),
        ("mount -o remount,rw /; mount -a; umount -l /tmp/../proc; echo $?", "0\n"),
        ("findmnt -rno TARGET -t ext4,vfat; findmnt /nosuch; echo $?", "/\n/boot/efi\n1\n"),
        ("findmnt | head -n 3", "TARGET                   SOURCE     FSTYPE     OPTIONS\n"
         "/                        /dev/vda1  ext4       rw,relatime\n"
         "\u251c\u2500/sys                   sysfs      sysfs      rw,nosuid,nodev,noexec,relatime\n"),
        ("mountpoint /proc; mountpoint /etc; echo $?; mountpoint -q /; echo $?",
         "/proc is a mountpoint\n/etc is not a mountpoint\n32\n0\n"),
        ("lsblk -o NAME,SIZE,TYPE,MOUNTPOINT", "NAME     SIZE TYPE MOUNTPOINT\nvda       40G disk \n"
         "\u251c\u2500vda1    40G part /\n\u2514\u2500vda15  124M part /boot/efi\n"),
        ("lsblk -dn -o NAME,TYPE; lsblk -rno NAME,FSTYPE /dev/vda1; lsblk -P -o NAME /dev/vda15",
         "vda disk\nvda1 ext4\nNAME=\"vda15\"\n"),
        ("lsblk | head -n 2", "NAME    MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nvda     254:0    0   40G  0 disk \n"),
        ("blkid -s TYPE -o value /dev/vda1; blkid /dev/nosuch; echo $?; "
         "[ $(blkid -s UUID -o value /dev/vda1) = $(lsblk -no UUID /dev/vda1) ] && echo same", "ext4\n2\nsame\n"),
        ("df --output=source,target / ; df -t vfat | tail -n 1 | cut -d' ' -f1; df --total / | tail -n 1 | cut -c1-5",
         "Filesystem     Mounted on\n/dev/vda1      /\n/dev/vda15\ntotal\n"),
        ("df -BG / | tail -n 1; df -m / | head -n 1", "/dev/vda1            40G    9G       29G  24% /\n"
         "Filesystem     1M-blocks  Used Available Use% Mounted on\n"),
        ("fdisk -l | head -n 1 | cut -d: -f1", "Disk /dev/vda\n"),
    ],
)  # fmt: skip
def test_root_sees_and_changes_what_is_mounted(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown


HINT = "       dmesg(1) may have more information after failed mount system call.\n"


@pytest.mark.parametrize(
    ("line", "complaint", "status"),
    [
        ("mount /nosuch", "mount: /nosuch: can't find in /etc/fstab.\n", 1),
        ("mount -o remount /mnt", f"mount: /mnt: mount point not mounted or bad option.\n{HINT}", 32),
        ("mount /dev/sdz /mnt", f"mount: /mnt: special device /dev/sdz does not exist.\n{HINT}", 32),
        ("mount /etc /mnt", f"mount: /mnt: /etc is not a block device.\n{HINT}", 32),
        ("mount -t tmpfs none /nosuch", f"mount: /nosuch: mount point does not exist.\n{HINT}", 32),
        ("umount /etc", "umount: /etc: not mounted.\n", 32),
        ("umount /proc", "umount: /proc: target is busy.\n", 32),
        ("umount", "umount: bad usage\nTry 'umount --help' for more information.\n", 1),
        ("lsblk -o nosuch", "lsblk: unknown column: nosuch\n", 1),
        ("lsblk /dev/nosuch", "lsblk: /dev/nosuch: not a block device\n", 32),
        ("fdisk /nosuch", "fdisk: cannot open /nosuch: No such file or directory\n", 1),
        ("df -t nosuch", "df: no file systems processed\n", 1),
        ("df --output=nosuch", "df: option --output: field \u2018nosuch\u2019 unknown\n"
         "Try 'df --help' for more information.\n", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_mounted_is_refused(run: Player, line: str, complaint: str, status: int) -> None:
    played = run(line)
    assert (played.errors, played.status) == (complaint, status)


def test_only_root_mounts(player: MakePlayer) -> None:
    played = player("debian-web", "deploy")("mount -t tmpfs none /mnt; mount | grep -c /mnt")
    assert (played.errors, played.text) == (f"mount: /mnt: must be superuser to use mount.\n{HINT}", "0\n")


def test_mounts_are_bounded(run: Player) -> None:
    done = run("for i in $(seq 60); do mount -t tmpfs t$i /mnt; done; mount | grep -c /mnt")
    assert done.text == "40\n"
