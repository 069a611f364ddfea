"""The Lambda image that `sam local invoke` needs: the real one, or a stand-in made here.

The stand-in is a Debian with the same Python, the Lambda runtime client and boto3 in the
places where the real image has them. SAM adds the runtime emulator to either. It is made only
where the real image can be neither found nor pulled, and it is kept in `.cache/`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.errors import DockerError
from local.paths import CACHE, REPOSITORY

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
_STAND_IN_LABEL = "tidegate.stand-in"
_REQUIREMENTS = REPOSITORY / "requirements" / "lambda_runtime.txt"
_SUITE = "trixie"  # the Debian release whose Python is 3.13
_PULL_SECONDS = 300
_BOOTSTRAP = """\
#!/bin/sh
# As in Lambda: the function's code first, then its layers, then the runtime's own packages.
export PYTHONPATH="/var/task:/opt/python:/var/runtime"
cd /var/task || exit 1
exec /usr/bin/python3 -m awslambdaric "${_HANDLER:-$1}"
"""
_CHANGES = (
    (
        "ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime LANG=C.UTF-8 "
        "PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin"
    ),
    "WORKDIR /var/task",
    'ENTRYPOINT ["/var/runtime/bootstrap"]',
)
_UNNEEDED = ("var/lib/apt/lists", "var/cache/apt", "usr/share/doc", "usr/share/locale")


def ensure() -> None:
    """Have the image in the Docker daemon: as it is there, pulled, or made.

    Raises DockerError when it is none of these; making it needs root and debootstrap.
    """
    recipe = _recipe()
    present = _label_of_present_image()
    if present is not None and present in ("", recipe):
        return
    if present is None and _pull():
        return
    archive = CACHE / f"lambda-image-{recipe}.tar"
    if not archive.exists():
        _make(archive)
    changes = [*_CHANGES, f"LABEL {_STAND_IN_LABEL}={recipe}"]
    options = [word for change in changes for word in ("--change", change)]
    _run(["docker", "import", *options, str(archive), IMAGE])


def _recipe() -> str:
    """Return a name for what the stand-in is made of, so that a change makes it anew."""
    parts = (
        _REQUIREMENTS.read_bytes(),
        _BOOTSTRAP.encode(),
        _SUITE.encode(),
        str(_CHANGES).encode(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _label_of_present_image() -> str | None:
    """Return the stand-in's recipe, "" for the real image, or None when there is no image."""
    template = f'{{{{index .Config.Labels "{_STAND_IN_LABEL}"}}}}'
    completed = subprocess.run(
        ["docker", "image", "inspect", "--format", template, IMAGE],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    return completed.stdout.strip() if completed.returncode == 0 else None


def _pull() -> bool:
    try:
        completed = subprocess.run(
            ["docker", "pull", "--quiet", IMAGE],
            capture_output=True,
            check=False,
            timeout=_PULL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return completed.returncode == 0


def _make(archive: Path) -> None:
    """Write the stand-in's file system to an archive, complete or not at all."""
    debootstrap = shutil.which("debootstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if debootstrap is None or os.geteuid() != 0:
        message = (
            f"{IMAGE} cannot be pulled here, and making a stand-in needs root and debootstrap.\n"
            f"Pull the image where there is a network, or run this as root."
        )
        raise DockerError(message)
    CACHE.mkdir(exist_ok=True)
    for stale in CACHE.glob("lambda-image-*"):
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
    root = archive.with_suffix(".root")
    packages = "--include=python3,ca-certificates"
    _run([debootstrap, "--variant=minbase", packages, _SUITE, str(root)])
    runtime = root / "var" / "runtime"
    # sys.executable is the same Python release, so the wheels that pip chooses fit the image.
    _run(
        [
            *(sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"),
            *("--require-hashes", "--target", str(runtime), "-r", str(_REQUIREMENTS)),
        ]
    )
    bootstrap = runtime / "bootstrap"
    bootstrap.write_text(_BOOTSTRAP)
    bootstrap.chmod(0o755)
    for directory in ("var/task", "opt"):
        (root / directory).mkdir(exist_ok=True)
    for directory in _UNNEEDED:
        shutil.rmtree(root / directory, ignore_errors=True)
    partial = archive.with_suffix(".partial")
    _run(["tar", "--create", "--directory", str(root), "--file", str(partial), "."])
    partial.rename(archive)
    shutil.rmtree(root)


def _run(command: list[str]) -> None:
    completed = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        timeout=1200,
    )
    if completed.returncode != 0:
        last_lines = "\n".join(completed.stdout.splitlines()[-15:])
        message = f"{command[0]} failed ({completed.returncode}):\n{last_lines}"
        raise DockerError(message)
