"""One file of the corpus, and the payload that hostile ones hide."""

from __future__ import annotations

from dataclasses import dataclass

from clamav_layer import canary

# The harmless test virus. Signatures look for it at a file's first byte, so it is found only where
# the engine really unpacks what holds it.
PAYLOAD = canary.eicar()


@dataclass(frozen=True, slots=True)
class Variant:
    """A file, named so that the name says what is special about it."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        """Keeps test reports readable."""
        return self.name
