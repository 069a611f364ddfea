"""The whole corpus: what must never be called clean, and what must be."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from tests.blind_spots import benign as ordinary
from tests.blind_spots import documents, foreign, streams, wrappers, zips
from tests.blind_spots.variant import Variant

# No scanner can tell these from other data by what they hold; see docs/verification-engine.md.
UNRECOGNISABLE = frozenset({"brotli"})

NESTINGS: dict[str, Callable[[bytes], bytes]] = {
    "in zip": lambda content: zips.zipped({"member.bin": content}),
    "in a stored zip": lambda content: zips.Zip(content=content, method=0).build(),
    "in tar.gz": lambda content: gzip.compress(streams.tarred("member.bin", content)),
    "in mail": lambda content: documents.message(content).as_bytes(),
    "in zip in tar.gz": lambda content: gzip.compress(
        streams.tarred("member.zip", zips.zipped({"member.bin": content}))
    ),
}


def hostile() -> list[Variant]:
    """Files with the payload in them, or with content that nobody can look into."""
    modules = (zips, streams, documents, wrappers, foreign)
    made = [variant for module in modules for variant in module.hostile()]
    return [variant for variant in made if variant.name not in UNRECOGNISABLE]


def nested(nesting: str) -> list[Variant]:
    """Every hostile file inside other archives."""
    wrap = NESTINGS[nesting]
    return [Variant(f"{v.name}, {nesting}", wrap(v.content)) for v in hostile()]


def benign() -> list[Variant]:
    """Ordinary users' files."""
    return ordinary.benign()
