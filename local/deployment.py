"""Deploys the built suite into the embedded AWS with a real `sam deploy`."""

import functools
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import embedded_aws
from local.embedded_aws import EmbeddedAws
from local.errors import DeploymentError
from local.paths import BUILT_TEMPLATE, ENVIRONMENT_FILE, REPOSITORY, SAMCONFIG, STATE, TOOLS

CONFIG_ENVIRONMENT = "local"
_LOG_FILE = STATE / "sam-deploy.log"
_DEPLOYED_FILE = STATE / "deployed"


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack: its name, its outputs and the server that holds it."""

    name: str
    outputs: dict[str, str]
    server: EmbeddedAws

    def output(self, name: str) -> str:
        """Return one output's value; a missing one names those that exist."""
        try:
            return self.outputs[name]
        except KeyError:
            known = ", ".join(sorted(self.outputs))
            message = f"The stack has no output {name!r}; it has: {known}"
            raise DeploymentError(message) from None

    def client(self, service: str) -> Any:
        """Return a client of one service with the embedded AWS's root key."""
        return _client(service, self.server.endpoint_url)


def is_current(server: EmbeddedAws) -> bool:
    """Whether this very server holds what was built last."""
    try:
        return _DEPLOYED_FILE.read_text() == _fingerprint(server)
    except FileNotFoundError:
        return False


def _fingerprint(server: EmbeddedAws) -> str:
    built = BUILT_TEMPLATE.stat().st_mtime_ns
    return f"{server.pid} {server.started_ticks} {built} {SAMCONFIG.stat().st_mtime_ns}"


def deploy(server: EmbeddedAws) -> Stack:
    """Deploy the built template, or update the stack, and write `.local/env`."""
    stack = deploy_as(server, stack_name())
    _write_environment_file(stack)
    _DEPLOYED_FILE.write_text(_fingerprint(server))
    return stack


def deploy_as(server: EmbeddedAws, name: str, **parameters: str) -> Stack:
    """Deploy the built template as a stack of this name, with parameters of its own."""
    if not BUILT_TEMPLATE.exists():
        message = f"{BUILT_TEMPLATE.relative_to(REPOSITORY)} is missing: run `make build` first."
        raise DeploymentError(message)
    overrides = [
        *_configured_parameters(),
        f"AwsEndpointUrl={server.endpoint_url}",
        *_labelling(server),
        *(f"{parameter}={value}" for parameter, value in parameters.items()),
    ]
    return deploy_template(server, name, BUILT_TEMPLATE, overrides)


def deploy_template(
    server: EmbeddedAws, name: str, template: Path, overrides: Sequence[str]
) -> Stack:
    """Deploy a template as a stack of this name, with at least one parameter as Name=value."""
    command = [
        str(TOOLS / "sam" / "bin" / "sam"),
        "deploy",
        *("--config-file", str(SAMCONFIG)),
        *("--config-env", CONFIG_ENVIRONMENT),
        *("--stack-name", name),
        *("--template-file", str(template)),
        *("--region", server.variables["AWS_DEFAULT_REGION"]),
        *("--parameter-overrides", *overrides),
    ]
    completed = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=client_environment(server),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        timeout=600,
    )
    _LOG_FILE.write_text(completed.stdout)
    if completed.returncode != 0:
        last_lines = "\n".join(completed.stdout.splitlines()[-25:])
        message = f"sam deploy failed. The end of {_LOG_FILE}:\n{last_lines}"
        raise DeploymentError(message)
    return describe(server, name)


def describe(server: EmbeddedAws, name: str | None = None) -> Stack:
    """Return a deployed stack, the local one unless named, with its outputs."""
    name = name or stack_name()
    cloudformation = _client("cloudformation", server.endpoint_url)
    (description,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {
        output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])
    }
    return Stack(name, outputs, server)


@functools.cache
def _client(service: str, endpoint_url: str) -> Any:
    """Return a client that can reach the embedded AWS only; clients are costly to make."""
    session: Any = boto3.Session(
        aws_access_key_id=embedded_aws.ACCESS_KEY,
        aws_secret_access_key=embedded_aws.SECRET_KEY,
        region_name=embedded_aws.REGION,
    )
    # A synchronous invocation may take as long as the function is allowed to.
    configuration = Config(read_timeout=900, retries={"total_max_attempts": 2})
    return session.client(service, endpoint_url=endpoint_url, config=configuration)


def stack_name() -> str:
    """Return the local stack's name, as samconfig.toml gives it."""
    name: str = _deploy_configuration()["stack_name"]
    return name


def client_environment(server: EmbeddedAws) -> dict[str, str]:
    """Return an environment in which tools can reach the embedded AWS and no other.

    Profiles, configuration files and instance metadata are shut out, so that a mistake here
    cannot touch a real account.
    """
    kept = {
        name: os.environ[name] for name in ("HOME", "LANG", "DOCKER_HOST") if name in os.environ
    }
    tool_directories = (str(REPOSITORY / ".venv" / "bin"), os.environ.get("PATH", "/usr/bin:/bin"))
    return {
        **kept,
        **server.variables,
        "PATH": os.pathsep.join(tool_directories),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _deploy_configuration() -> dict[str, Any]:
    configuration = tomllib.loads(SAMCONFIG.read_text())
    parameters: dict[str, Any] = configuration[CONFIG_ENVIRONMENT]["deploy"]["parameters"]
    return parameters


def _configured_parameters() -> list[str]:
    """Return samconfig's own overrides: given once more, since the option replaces them all."""
    overrides = _deploy_configuration().get("parameter_overrides", [])
    if not isinstance(overrides, list):
        message = "samconfig.toml: parameter_overrides must be a list of Name=Value"
        raise DeploymentError(message)
    return [str(override) for override in overrides]


def _labelling(server: EmbeddedAws) -> tuple[str, ...]:
    """Return the parameters that turn labelling on where there is somebody to ask for labels."""
    if not server.rekognition_url:
        return ()
    return ("LabelImages=AFTER_SCAN", f"RekognitionEndpointUrl={server.rekognition_url}")


def _write_environment_file(stack: Stack) -> None:
    outputs = {_shell_name(name): value for name, value in stack.outputs.items()}
    variables = {**stack.server.variables, "STACK_NAME": stack.name, **outputs}
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    partial = Path(f"{ENVIRONMENT_FILE}.partial")
    partial.write_text("".join(lines))
    partial.rename(ENVIRONMENT_FILE)


def _shell_name(output: str) -> str:
    """UploadsBucketName → UPLOADS_BUCKET_NAME."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()
