# SPDX-License-Identifier: MIT
"""The parts of an Office Open XML package (ECMA-376 part 2): read within limits, and written again."""

import io
import zipfile
import zlib

from decnet.canary.instrument.errors import DocumentError

MOST_PARTS = 5000
LARGEST_WHOLE = 128 << 20
"""Bytes of all parts, uncompressed."""
LARGEST_RATIO = 200
"""Of uncompressed to compressed bytes of a part of more than SMALL bytes; office documents reach about 50."""
SMALL = 1 << 20

Parts = dict[str, bytes]

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def read_package(document: bytes) -> Parts:
    """Return the parts by path, in order; raises DocumentError."""
    if document.startswith(_OLE):
        raise DocumentError("it is encrypted, or in the format before 2007: save it unencrypted as docx, xlsx or pptx")
    try:
        with zipfile.ZipFile(io.BytesIO(document)) as archive:
            _check(archive.infolist())
            parts = {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise DocumentError(f"it is no intact ZIP archive: {error}") from error
    if "[Content_Types].xml" not in parts:
        raise DocumentError("it is a ZIP archive, but no office document")
    return parts


def write_package(parts: Parts) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in parts.items():
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _check(entries: list[zipfile.ZipInfo]) -> None:
    if any(entry.flag_bits & 1 for entry in entries):
        raise DocumentError("it is encrypted: save it without a password")
    if len(entries) > MOST_PARTS or sum(entry.file_size for entry in entries) > LARGEST_WHOLE:
        raise DocumentError(f"unpacked it has more than {MOST_PARTS} parts or {LARGEST_WHOLE >> 20} MiB: a ZIP bomb?")
    for entry in entries:
        if entry.file_size > SMALL and entry.file_size > LARGEST_RATIO * max(1, entry.compress_size):
            raise DocumentError(f"its part {entry.filename!r} unpacks to {LARGEST_RATIO} times its size: a ZIP bomb?")
