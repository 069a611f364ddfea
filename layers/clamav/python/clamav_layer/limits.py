"""The limits that a function sets on its engine, and clamd's settings for them."""

from dataclasses import dataclass
from pathlib import Path

# clamd clamps larger values of its size limits to this one.
HARD_MAX_BYTES = 2_147_483_645


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How much the engine may read, how long it may take, how much runs at once.

    concurrent_reload: a new release is loaded while the old one goes on scanning (twice the
    memory for a while); else scans wait for the change.
    patience_seconds: after that long without an answer a scan asks whether the engine is alive.
    """

    max_bytes: int = HARD_MAX_BYTES
    max_scan_seconds: float = 600.0
    threads: int = 2
    concurrent_reload: bool = True
    patience_seconds: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.max_bytes <= HARD_MAX_BYTES:
            raise ValueError(f"max_bytes must be from 1 to {HARD_MAX_BYTES}")
        if min(self.max_scan_seconds, self.patience_seconds) <= 0 or self.threads < 1:
            raise ValueError("seconds and threads must be positive")

    def settings(self, folder: Path) -> str:
        """Returns the lines for clamd.conf that differ from one run to the next.

        The engine silently skips what exceeds one of the size limits for a part of its analysis
        (scripts, pages, embedded programs, regular expressions), so these are all as large as
        the largest file.
        """
        sizes = (
            # An unpacked member longer than MaxFileSize is passed over in silence unless both
            # are alike.
            "MaxScanSize",
            "MaxFileSize",
            "StreamMaxLength",
            "MaxEmbeddedPE",
            "MaxHTMLNormalize",
            "MaxHTMLNoTags",
            "MaxScriptNormalize",
            "MaxZipTypeRcg",
            "PCREMaxFileSize",
        )
        milliseconds = int(self.max_scan_seconds * 1000)
        lines = [
            f"LocalSocket {folder / 'socket'}",
            f"DatabaseDirectory {folder / 'database'}",
            f"TemporaryDirectory {folder / 'scratch'}",
            f"MaxThreads {self.threads}",
            f"MaxQueue {self.threads * 2 + 8}",
            f"MaxScanTime {milliseconds}",
            # A program of the definitions that is cut short finds nothing.
            f"BytecodeTimeout {milliseconds}",
            *(f"{name} {self.max_bytes}" for name in sizes),
        ]
        return "\n".join(lines) + "\n"
