"""Shows what is under way during the long steps."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console


@contextlib.contextmanager
def step(console: Console, done: str) -> Iterator[None]:
    """Show that something is under way, and afterwards that it is done and how long it took."""
    began = time.monotonic()
    with console.status(f"{done} …"):
        yield
    console.print(f"[green]✓[/] {done} [dim]({time.monotonic() - began:.1f} s)[/]")
