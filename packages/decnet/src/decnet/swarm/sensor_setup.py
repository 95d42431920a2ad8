# SPDX-License-Identifier: MIT
"""Makes this host a sensor from the wheels in this very file: installs, enrols, sets up systemd.

It is the `__main__.py` of what `decnet swarm bundle` writes (decnet/swarm/bundle.py), and runs where nothing of DECNET
is installed: it imports the standard library alone.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path


def main() -> int:
    """Do it; return the exit code."""
    asked = _parser().parse_args()
    with zipfile.ZipFile(sys.argv[0]) as archive:
        order = json.loads(archive.read("order.json"))
        refusal = _unfit(order)
        if refusal:
            return _refuse(refusal)
        try:
            _install(archive, asked.prefix)
        except (OSError, subprocess.CalledProcessError) as error:
            return _refuse(f"cannot install into {asked.prefix}: {error}")
    if asked.install_only:
        return 0
    programs = asked.prefix / "bin"
    _tell(f"enrolling as {order['name']} with {order['master']}")
    enrol = [str(programs / "decnet-forwarder"), "enrol", "--master", order["master"], "--token", "-"]
    code = subprocess.run(enrol, input=order["token"] + "\n", text=True, check=False).returncode
    if code:
        return code
    if asked.no_systemd or os.geteuid() or not Path("/run/systemd/system").is_dir():
        _tell(f"start it with {programs / 'decnet-supervise'} bus sensor")
        return 0
    return subprocess.run([str(programs / "decnet-supervise"), "init"], check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make this host a DECNET sensor, from what is in this file.")
    parser.add_argument("--prefix", type=Path, default=Path("/opt/decnet"), help="where to install (/opt/decnet)")
    parser.add_argument("--no-systemd", action="store_true", help="do not set up units for systemd")
    parser.add_argument("--install-only", action="store_true", help="do not enrol; the token stays valid")
    return parser


def _unfit(order: "dict[str, str]") -> str:
    """Return why the wheels do not run here; empty: they do."""
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    if order["tag"] and order["tag"] != tag:
        wanted = f"{order['tag'][2]}.{order['tag'][3:]}"
        return f"these wheels are for Python {wanted}, this is {platform.python_version()}; run this file with that"
    if order["machine"] and order["machine"] != platform.machine():
        return f"these wheels are for {order['machine']}, this is {platform.machine()}"
    return ""


def _install(archive: zipfile.ZipFile, prefix: Path) -> None:
    _tell(f"installing into {prefix}")
    venv.create(prefix, with_pip=False)
    with tempfile.TemporaryDirectory(prefix="decnet-sensor-") as folder:
        members = [name for name in archive.namelist() if name.startswith("wheels/")]
        archive.extractall(folder, members)
        wheels = Path(folder) / "wheels"
        pip = next(wheels.glob("pip-*.whl"))
        subprocess.run(
            [
                str(prefix / "bin" / "python"), "-I", str(pip / "pip"), "install", "--quiet", "--no-cache-dir",
                "--disable-pip-version-check", "--no-index", "--find-links", str(wheels), "--require-hashes",
                "-r", str(wheels / "sensor.txt"),
            ],
            check=True,
        )  # fmt: skip


def _refuse(text: str) -> int:
    sys.stderr.write(f"decnet sensor: {text}\n")
    return 78  # EX_CONFIG, as all programs of DECNET end that cannot work here


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
