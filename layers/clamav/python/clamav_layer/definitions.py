"""Puts the folder together from which one engine loads: a release and the policy signatures."""

from pathlib import Path

from clamav_layer.errors import DefinitionsError

# What lies in a release beside signatures.
NOT_SIGNATURES = frozenset({"manifest.json"})


def compose(release: Path, policy: Path, target: Path) -> None:
    """Fills the target folder with links to the release's files and to the policy signatures.

    Raises DefinitionsError where a folder is missing or empty, or where a name occurs in both: a
    release must not replace the layer's policy.
    """
    target.mkdir(parents=True)
    for folder in (release, policy):
        files = [path for path in _files(folder) if path.name not in NOT_SIGNATURES]
        if not files:
            raise DefinitionsError(f"{folder} holds no signatures")
        for path in files:
            link = target / path.name
            if link.is_symlink():
                raise DefinitionsError(f"{path.name} is in the release and in the policy")
            link.symlink_to(path.resolve())


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DefinitionsError(f"{folder} cannot be read: {error.strerror}") from error
