"""Puts the folder together from which one engine loads: a release and the policy signatures."""

from pathlib import Path

from clamav_layer.errors import DefinitionsError

# What lies in a release beside signatures.
NOT_SIGNATURES = frozenset({"manifest.json"})
# The vendor's container that holds a table of file types.
VENDORS_FILE_TYPES = frozenset({"daily.cvd", "daily.cld", "daily.cud"})
FILE_TYPES_SUFFIX = ".ftm"
# Within the policy: what takes the place of its namesakes where a release brings no file types.
BUILTIN_FOLDER = "builtin"


def compose(release: Path, policy: Path, target: Path) -> None:
    """Fills the target folder with links to the release's files and to the policy's.

    The policy changes the table of file types: beside the vendor's table it carries the changes
    alone; where a release brings none it carries the whole table, since any table at all switches
    the engine's built-in one off.

    Raises DefinitionsError where a folder is missing or empty, or where a name occurs in both: a
    release must not replace the layer's policy.
    """
    signatures = _files(release)
    policies = _files(policy)
    if (policy / BUILTIN_FOLDER).is_dir() and not _brings_file_types(signatures):
        policies |= _files(policy / BUILTIN_FOLDER)
    if twice := sorted(signatures.keys() & policies.keys()):
        raise DefinitionsError(f"{', '.join(twice)} is in the release and in the policy")
    target.mkdir(parents=True)
    for name, path in (signatures | policies).items():
        (target / name).symlink_to(path.resolve())


def _brings_file_types(signatures: dict[str, Path]) -> bool:
    return any(
        name in VENDORS_FILE_TYPES or name.endswith(FILE_TYPES_SUFFIX) for name in signatures
    )


def _files(folder: Path) -> dict[str, Path]:
    try:
        files = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
    except OSError as error:
        raise DefinitionsError(f"{folder} cannot be read: {error.strerror}") from error
    signatures = {name: path for name, path in files.items() if name not in NOT_SIGNATURES}
    if not signatures:
        raise DefinitionsError(f"{folder} holds no signatures")
    return signatures
