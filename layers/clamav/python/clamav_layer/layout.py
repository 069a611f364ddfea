"""Where the layer's parts are, and how its programs are run through the layer's own loader.

Nothing is assumed about the root: it is /opt in Lambda, and any folder elsewhere.
"""

import os
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOADER = "ld-linux-x86-64.so.2"


def command(program: str, *arguments: str, root: Path = ROOT) -> list[str]:
    """Returns the command line that runs one of the layer's programs, wherever the layer is."""
    libraries = root / "clamav" / "lib"
    executable = root / "clamav" / "bin" / program
    return [str(prepare(root)), "--library-path", str(libraries), str(executable), *arguments]


def environment(root: Path = ROOT) -> dict[str, str]:
    """Returns the whole environment for the layer's programs.

    Nothing is inherited: the caller's environment holds credentials, and these programs read
    hostile files.
    """
    bundle = str(root / "clamav" / "certs" / "ca-bundle.crt")
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "CURL_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
    }


@cache
def prepare(root: Path = ROOT) -> Path:
    """Makes the loader executable and returns where it is.

    Only the loader needs the permission: it reads the programs itself. Where the way of a layer
    has lost the permission and the file system refuses to give it back, a copy is used.
    """
    loader = root / "clamav" / "lib" / LOADER
    if os.access(loader, os.X_OK):
        return loader
    try:
        loader.chmod(loader.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError:
        copy = Path(tempfile.mkdtemp(prefix="clamav-loader-")) / LOADER
        shutil.copyfile(loader, copy)
        copy.chmod(0o700)
        return copy
    return loader
