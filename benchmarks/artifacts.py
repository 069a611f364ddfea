"""The built function and its layers, and the environment in which Lambda would run them."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError
from clamav_layer import layout
from local.paths import CACHE, REPOSITORY, TOOLS

BENCH_CACHE = CACHE / "benchmarks"
# As in Lambda's runtime: boto3 and what it needs, nothing that the layers have to bring.
PYTHON = TOOLS / "embedded" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What `sam build` made."""

    build: Path

    def __post_init__(self) -> None:
        for part in ("ScanObjectFunction", "SharedLayer/python", "ClamavLayer/clamav"):
            if not (self.build / part).is_dir():
                raise BenchmarkError(f"{self.build / part} is missing: run `make build` first")

    @property
    def engine(self) -> Path:
        """The root of the engine's layer."""
        return (self.build / "ClamavLayer").resolve()

    @property
    def policy(self) -> list[Path]:
        """The layer's own signatures, which the engine loads beside each release."""
        folder = self.engine / "clamav" / "policy"
        return sorted(path for path in folder.iterdir() if path.is_file())

    @property
    def engine_package(self) -> dict[str, str]:
        """Version and digest of the package from which the layer's programs come."""
        versions = json.loads((self.engine / "clamav" / "VERSIONS.json").read_text())
        package: dict[str, str] = versions["packages"]["clamav"]
        return package

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line of one of the layer's programs."""
        return layout.command(program, *arguments, root=self.engine)

    def subject_path(self) -> str:
        """Return the module path of the handler's process: the function, its layers, and this."""
        parts = (
            self.build / "ScanObjectFunction",
            self.build / "ClamavLayer" / "python",
            self.build / "SharedLayer" / "python",
            REPOSITORY,
        )
        return os.pathsep.join(map(str, parts))


def base_environment() -> dict[str, str]:
    """Return what the measured processes have in common."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": str(REPOSITORY),
        # As in Lambda, where what was built cannot be written to: the layers bring their bytecode,
        # the function's own modules are compiled at each start.
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
