"""The built engine layer: complete, within its budget, and at work in an empty root."""

import json
import os
import re
import shutil
import ssl
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clamav_layer import canary
from clamav_layer.clamd import memory_file
from clamav_layer.connection import Connection
from clamav_layer.definitions import compose
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import Clean, Outcome, Threat, parse
from layer_build.__main__ import check_host
from layer_build.files import BuildError
from tests.engine_fixtures import build_layer, tarred_and_zipped, zipped

# Lambda allows 250 MB for a function with all its layers.
MAX_BYTES = 120 * 1024 * 1024
PROGRAMS = ("clamd", "freshclam", "setpriv", "sigtool")
NOBODY = 65_534
LOADER = ("/opt/clamav/lib/ld-linux-x86-64.so.2", "--library-path", "/opt/clamav/lib")
# Where chroot is found; the programs themselves need no path.
SEARCH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
READY_SECONDS = 30.0
EICAR = canary.eicar()


@pytest.fixture(scope="module")
def empty_root(
    built_clamav_layer: Path, small_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A root that holds the layer at /opt and a release, and nothing else: no /proc, /dev, /lib."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(built_clamav_layer, root / "opt")
    work = root / "job"
    compose(small_release, root / "opt/clamav/policy", root / "links")
    # Copies: where the links lead to is not the same inside the root.
    shutil.copytree(root / "links", work / "database")
    shutil.rmtree(root / "links")
    (work / "scratch").mkdir()
    fixed = (root / "opt/clamav/etc/clamd.conf").read_text()
    (work / "clamd.conf").write_text(fixed + EngineLimits().settings(Path("/job")))
    for path in (work, *work.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o644)
    for path in (root, *root.parents[:2]):
        path.chmod(0o755)
    return root


def command(root: Path, program: str, *arguments: str) -> list[str]:
    """Returns the command that runs a program in the root as an unprivileged user."""
    enter = (
        ["chroot", f"--userspec={NOBODY}:{NOBODY}", str(root)]
        if os.geteuid() == 0
        else ["unshare", "--map-root-user", "chroot", str(root)]
    )
    return [*enter, *LOADER, f"/opt/clamav/bin/{program}", *arguments]


def answers(path: Path) -> bool:
    """Whether something listens on the socket: it is there a moment before that."""
    try:
        Connection(path, time.monotonic() + READY_SECONDS).ping()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def clamd_socket(empty_root: Path) -> Iterator[Path]:
    """The socket of a clamd at work in the empty root."""
    path = empty_root / "job" / "socket"
    # As the engine starts it: tied to the life of the process that starts it.
    clamd = [*LOADER, "/opt/clamav/bin/clamd", "--config-file=/job/clamd.conf"]
    arguments = command(empty_root, "setpriv", "--pdeathsig=KILL", *clamd)
    with subprocess.Popen(arguments, env=SEARCH, stdin=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + READY_SECONDS
        while not answers(path) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        yield path
        process.kill()


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (EICAR, Threat("Test.Eicar")),
        (zipped({"e.com": EICAR}), Threat("Test.Eicar")),
        (zipped({"inner.zip": zipped({"e.com": EICAR})}), Threat("Test.Eicar")),
        (tarred_and_zipped({"d/e.com": EICAR}), Threat("Test.Eicar")),
        (zipped({"a.txt": b"hello"}), Clean()),
    ],
    ids=["plain", "zip", "nested zip", "tar.gz", "harmless"],
)
def test_engine_works_in_an_empty_root_as_an_unprivileged_user(
    clamd_socket: Path, content: bytes, outcome: Outcome
) -> None:
    """With nothing but the layer, the engine finds the test file wherever it is."""
    with memory_file(content) as descriptor:
        connection = Connection(clamd_socket, time.monotonic() + READY_SECONDS)
        assert parse(connection.scan_descriptor(descriptor)) == outcome


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run_in_an_empty_root(empty_root: Path, program: str) -> None:
    """Each program finds all its libraries in the layer."""
    done = subprocess.run(
        command(empty_root, program, "--help"),
        env=SEARCH,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_layer_is_within_its_budget(built_clamav_layer: Path) -> None:
    """The unzipped layer leaves room for the function and the other layers."""
    files = [path for path in built_clamav_layer.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) <= MAX_BYTES


def test_layer_holds_plain_files_only(built_clamav_layer: Path) -> None:
    """No links, which the way of a layer may lose, and nothing that anybody may write."""
    for path in built_clamav_layer.rglob("*"):
        assert not path.is_symlink(), path
        assert stat.S_IMODE(path.stat().st_mode) in {0o644, 0o755}, path


def test_versions_of_all_carried_packages_are_recorded(built_clamav_layer: Path) -> None:
    """A verdict can be traced to the packages that made it, and these to their sources."""
    versions = json.loads((built_clamav_layer / "clamav" / "VERSIONS.json").read_text())

    packages = versions["packages"]
    assert {"clamav-daemon", "clamav-freshclam", "libc6", "libclamav12"} <= packages.keys()
    assert versions["engine"] == packages["clamav-daemon"]["version"].split("+")[0]
    for name, package in packages.items():
        assert package["version"], name
        assert package["source"], name
        assert re.fullmatch("[0-9a-f]{64}", package["sha256"]), name


def test_licence_of_each_carried_package_is_there(built_clamav_layer: Path) -> None:
    """Each package's copyright file is carried, and each licence text that one refers to."""
    root = built_clamav_layer / "clamav"
    packages = json.loads((root / "VERSIONS.json").read_text())["packages"]

    texts = {path.name for path in (root / "licences" / "common-licenses").iterdir()}
    for name in packages:
        content = (root / "licences" / name / "copyright").read_text(errors="replace")
        named = re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])", content)
        assert set(named) <= texts, name


def test_certificates_are_a_bundle_that_openssl_reads(built_clamav_layer: Path) -> None:
    """The downloader trusts the same authorities as Debian."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(built_clamav_layer / "clamav" / "certs" / "ca-bundle.crt")

    assert context.cert_store_stats()["x509_ca"] > 100


def test_python_parts_are_ours_and_pyclamd_alone(built_clamav_layer: Path) -> None:
    """The layer adds no other package to a function's path."""
    names = {path.name for path in (built_clamav_layer / "python").iterdir()}

    assert names == {"clamav_layer", "pyclamd", "pyclamd-0.4.0.dist-info"}
    assert (built_clamav_layer / "python/clamav_layer/py.typed").exists()


def test_engine_listens_at_no_port(built_clamav_layer: Path) -> None:
    """The unix socket is the only way in."""
    settings = (built_clamav_layer / "clamav/etc/clamd.conf").read_text()

    assert "TCPSocket" not in settings + EngineLimits().settings(Path("/job"))


def test_two_builds_are_alike(built_clamav_layer: Path, tmp_path: Path) -> None:
    """From the same packages the same files come out, with the same times and modes."""
    build_layer(tmp_path / "again")

    assert listing(tmp_path / "again") == listing(built_clamav_layer)


def listing(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Returns each file's mode, time and content."""
    return {
        str(path.relative_to(root)): (
            path.stat().st_mode,
            int(path.stat().st_mtime),
            path.read_bytes(),
        )
        for path in root.rglob("*")
        if path.is_file()
    }


def test_host_without_the_packages_is_told_what_to_do(tmp_path: Path) -> None:
    """On another system the build stops with the command that builds in a container."""
    release = tmp_path / "os-release"
    release.write_text('ID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41"\n')

    with pytest.raises(BuildError, match="Fedora Linux 41") as refused:
        check_host(release)

    assert "docker run --rm" in str(refused.value)
    assert "debian:bookworm" in str(refused.value)


def test_other_processors_are_refused() -> None:
    """There is no build for another processor yet, and the message says so."""
    with pytest.raises(BuildError, match="no build for aarch64"):
        check_host(machine="aarch64")
