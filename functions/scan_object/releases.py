"""Brings the definitions release that is in force from its bucket into a local folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.scan_object.deadline import Deadline
from functions.scan_object.download import download
from tidegate.definitions import (
    CURRENT_KEY,
    MAX_DOCUMENT_BYTES,
    CurrentRelease,
    DefinitionsError,
    Manifest,
    ManifestFile,
    file_key,
    manifest_key,
)
from tidegate.errors import MisconfiguredError, ObjectError, object_errors
from tidegate.objectref import ObjectRef
from tidegate.objects import Objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILES_AT_ONCE = 2


class NoDefinitionsError(MisconfiguredError):
    """No release has been published yet. Retried slowly: update_definitions has to run first."""


class Releases:
    """The releases in the definitions bucket, and those of them that are in `folder`."""

    def __init__(self, s3: S3Client, bucket: str, folder: Path) -> None:
        self._s3 = s3
        self._objects = Objects(s3)
        self._bucket = bucket
        self._folder = folder
        self._current: CurrentRelease | None = None
        self._etag = ""

    def current(self) -> CurrentRelease:
        """Return which release is in force now: one conditional GET, mostly answered 304.

        Raises NoDefinitionsError, DefinitionsError, MisconfiguredError or TransientError.
        """
        try:
            with object_errors(f"read s3://{self._bucket}/{CURRENT_KEY}"):
                self._refresh()
        except ObjectError as error:
            raise NoDefinitionsError(
                f"{error}. Invoke the UpdateDefinitions function once to publish a release"
            ) from error
        if self._current is None:
            raise NoDefinitionsError("S3 says that an unknown release has not changed")
        return self._current

    def fetch(self, current: CurrentRelease, deadline: Deadline) -> Path:
        """Return the local folder of the release, every file of it verified by its SHA-256.

        Raises DefinitionsError where the bucket holds anything else than what was published.
        """
        folder = self._folder / current.release
        if folder.is_dir():
            return folder
        manifest = self._manifest(current)
        partial = self._folder / f"{current.release}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
            for done in [
                pool.submit(self._fetch_file, current.release, file, partial, deadline)
                for file in manifest.files
            ]:
                done.result()
        partial.rename(folder)
        return folder

    def discard_all_but(self, release: str) -> None:
        """Remove the folders of all other releases."""
        for folder in self._folder.iterdir():
            if folder.name != release:
                shutil.rmtree(folder, ignore_errors=True)

    def _refresh(self) -> None:
        try:
            answer = self._s3.get_object(
                Bucket=self._bucket, Key=CURRENT_KEY, IfNoneMatch=self._etag or '"none"'
            )
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == HTTPStatus.NOT_MODIFIED:
                return
            raise
        with closing(answer["Body"]) as body:
            self._current = CurrentRelease.from_json(body.read(MAX_DOCUMENT_BYTES + 1))
        self._etag = answer["ETag"]

    def _manifest(self, current: CurrentRelease) -> Manifest:
        ref = ObjectRef(self._bucket, manifest_key(current.release))
        try:
            _, body = self._objects.open(ref)
        except ObjectError as error:
            raise DefinitionsError(f"release {current.release} has no manifest: {error}") from error
        with body, object_errors(f"read {ref}"):
            document = body.read(MAX_DOCUMENT_BYTES + 1)
        if hashlib.sha256(document).hexdigest() != current.manifest_sha256:
            raise DefinitionsError(f"the manifest of release {current.release} was changed")
        return Manifest.from_json(document)

    def _fetch_file(
        self, release: str, file: ManifestFile, folder: Path, deadline: Deadline
    ) -> None:
        # The name is one plain component: ManifestFile takes no other.
        descriptor = os.open(folder / file.name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            state, body = self._objects.open(ObjectRef(self._bucket, file_key(release, file.name)))
            with body:
                if state.size_bytes != file.size_bytes:
                    raise DefinitionsError(f"{file.name} of release {release} was changed")
                sha256 = download(self._objects, state, body, descriptor, deadline)
        except ObjectError as error:
            raise DefinitionsError(f"release {release} lacks {file.name}: {error}") from error
        finally:
            os.close(descriptor)
        if sha256 != file.sha256:
            raise DefinitionsError(f"{file.name} of release {release} was changed")
