"""The server process of the embedded AWS. Runs with ministack's own Python, not with .venv's.

ministack evaluates roles and bucket policies on each call of a function, and runs each execution
environment as a process. In some things it differs from AWS in a way that would break what is
right on AWS; those are put right here, and nothing else is touched:

aws:PrincipalArn      AWS gives the ARN of the role, ministack that of the role's session:
                      https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
aws:SecureTransport   "true" on AWS, where the functions use TLS. Here they use the loopback.
s3:RequestObjectTagKeys, s3:x-amz-copy-source
                      of uploads and copies, which ministack does not know. (Those of
                      PutObjectTagging stand in the body, which its evaluation does not see.)
sts:SourceIdentity    of AssumeRole, which ministack does not know either; nor does it ask for
                      sts:SetSourceIdentity, which AWS does.
* in resources        matches line breaks too, which may stand in the key of an object.
Range                 of a GET that names a version is ignored, and the whole object is answered.
Rekognition           is not there: a second program answers in its place, at a port of its own,
                      always the same for any image. It is a child of this one, and ends with it.
/tmp                  belongs to one execution environment alone:
                      https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import tempfile
from contextvars import ContextVar
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import s3, sts

_SESSION_MARK = ":assumed-role/"
_source_identity: ContextVar[str | None] = ContextVar("source_identity", default=None)


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--stand-in", help="program that answers for Rekognition")
    parser.add_argument("--stand-in-port", type=int)
    options = parser.parse_args()
    iam_evaluator._resolve_condition_key = _facts_as_on_aws(iam_evaluator._resolve_condition_key)
    iam_actions._s3_object_context = _with_headers_facts(iam_actions._s3_object_context)
    iam_evaluator.fnmatch_iam_cs = matches
    s3._get_object = _with_ranges_of_versions(s3._get_object)
    sts.handle_request = _with_source_identity(sts.handle_request)
    lambda_runtime._worker_class_for = _with_own_tmp(lambda_runtime._worker_class_for)
    configuration = Config()
    configuration.bind = [f"127.0.0.1:{options.port}"]
    configuration.keep_alive_timeout = 75
    stand_in = (
        subprocess.Popen(
            [options.stand_in, "--host", "127.0.0.1", "--port", str(options.stand_in_port)]
        )
        if options.stand_in
        else None
    )
    try:
        asyncio.run(serve(app, configuration))
    finally:
        if stand_in is not None:
            stand_in.terminate()


def _facts_as_on_aws(resolve: Any) -> Any:
    def corrected(key: str, context: Any) -> Any:
        match key.lower():
            case "aws:securetransport":
                return "true"
            case "aws:principalarn":
                return role_arn(context.principal_arn)
            case "sts:sourceidentity":
                return _source_identity.get()
            case _:
                return resolve(key, context)

    return corrected


def _with_headers_facts(describe: Any) -> Any:
    def described(action: str, query: Any, path: str, headers: dict[str, str]) -> dict[str, Any]:
        facts: dict[str, Any] = describe(action, query, path, headers)
        if action == "s3:PutObject":
            tags = parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True)
            source = headers.get("x-amz-copy-source")
            if tags:
                facts["s3:RequestObjectTagKeys"] = [key for key, _ in tags]
            if source:
                facts["s3:x-amz-copy-source"] = source
        return facts

    return described


def _with_source_identity(handle: Any) -> Any:
    async def handled(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        fields = dict(parse_qsl(body.decode(errors="replace")))
        _source_identity.set(fields.get("SourceIdentity"))
        return await handle(method, path, headers, body, query)

    return handled


def _with_ranges_of_versions(get_object: Any) -> Any:
    def answered(bucket: str, key: str, headers: dict[str, str], query: Any = None) -> Any:
        wanted = headers.get("range", "")
        if not wanted or "versionId" not in (query or {}):
            return get_object(bucket, key, headers, query)
        # The checksum of the whole object does not fit a part of it.
        plain = {name: value for name, value in headers.items() if name != "x-amz-checksum-mode"}
        status, answer, body = get_object(bucket, key, plain, query)
        part = s3._parse_range(wanted, len(body)) if status == HTTPStatus.OK else None
        if part is None:
            return status, answer, body
        first, last = part
        content = body[first : last + 1]
        told = {
            "Content-Length": str(len(content)),
            "Content-Range": f"bytes {first}-{last}/{len(body)}",
        }
        return HTTPStatus.PARTIAL_CONTENT.value, {**answer, **told}, content

    return answered


def role_arn(principal_arn: str) -> str:
    """Return the role's ARN for the ARN of its session, any other ARN as it is.

    arn:aws:sts::1:assumed-role/Name/session → arn:aws:iam::1:role/Name
    """
    head, mark, tail = principal_arn.partition(_SESSION_MARK)
    if not mark:
        return principal_arn
    return f"{head.replace(':sts:', ':iam:')}:role/{tail.partition('/')[0]}"


def matches(value: str, pattern: str) -> bool:
    """Match an ARN with a pattern in which * stands for any characters and ? for any one."""
    expression = "".join(
        {"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None


class WorkerWithOwnTmp(lambda_runtime.Worker):  # type: ignore[misc]
    """An execution environment that finds its own directory where its settings say /tmp."""

    config: dict[str, Any]
    own_tmp: Path | None = None

    def _spawn(self) -> None:
        self._remove_own_tmp()
        self.own_tmp = Path(tempfile.mkdtemp(prefix="tmp-"))
        given = self.config.get("Environment", {}).get("Variables", {})
        variables = {name: self._moved(value) for name, value in given.items()}
        variables["TMPDIR"] = str(self.own_tmp)
        shared, self.config = (
            self.config,
            {
                **self.config,
                "Environment": {"Variables": variables},
            },
        )
        try:
            super()._spawn()
        finally:
            self.config = shared

    def _moved(self, value: str) -> str:
        inside = value == "/tmp" or value.startswith("/tmp/")
        return f"{self.own_tmp}{value.removeprefix('/tmp')}" if inside else value

    def _discard_tmpdir(self) -> None:
        super()._discard_tmpdir()
        self._remove_own_tmp()

    def _remove_own_tmp(self) -> None:
        if self.own_tmp is not None:
            shutil.rmtree(self.own_tmp, ignore_errors=True)


def _with_own_tmp(choose: Any) -> Any:
    def chosen(config: Any) -> Any:
        worker_class = choose(config)
        return WorkerWithOwnTmp if worker_class is lambda_runtime.Worker else worker_class

    return chosen


if __name__ == "__main__":
    main()
