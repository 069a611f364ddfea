"""`sam local invoke` in Docker, against the embedded AWS."""

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from local import deployment, docker_daemon, lambda_image, port_forward, sample_event, suite
from local.errors import LocalError
from local.paths import BUILT_TEMPLATE, REPOSITORY, STATE, TOOLS

_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation gave: the function's answer as text, SAM's log, the exit status."""

    answer: str
    log: str
    status: int


def run(function: str, event: Path) -> int:
    """Invoke a function with a file's event; print its log and its answer."""
    if not event.is_file():
        message = f"There is no event file {event}."
        raise LocalError(message)
    stack = suite.up()
    with docker_daemon.daemon():
        lambda_image.ensure()
        result = invoke(stack, function, sample_event.made_true(stack, event))
    sys.stderr.write(result.log)
    sys.stdout.write(result.answer + "\n")
    return result.status


def invoke(stack: deployment.Stack, function: str, event: object) -> Invocation:
    """Run one function in a container with its deployed environment variables.

    The container reaches the embedded AWS by the Docker bridge's gateway, a number, so that
    S3 addresses are path-style. SAM itself cannot resolve what CloudFormation would fill in
    (names of buckets, queues and tables), so these come from the deployed function.
    """
    gateway = docker_daemon.bridge_gateway()
    endpoint = f"http://{gateway}:{stack.server.port}"
    variables = STATE / "invoke-variables.json"
    variables.write_text(json.dumps({function: _variables(stack, function, gateway)}))
    command = [
        *(str(TOOLS / "sam" / "bin" / "sam"), "local", "invoke", function),
        *("--template-file", str(BUILT_TEMPLATE)),
        *("--event", "-"),
        *("--env-vars", str(variables)),
        *("--region", stack.server.variables["AWS_DEFAULT_REGION"]),
        *("--parameter-overrides", f"AwsEndpointUrl={endpoint}"),
        "--skip-pull-image",
    ]
    with contextlib.ExitStack() as ports:
        for port in filter(None, (stack.server.port, stack.server.rekognition_port)):
            ports.enter_context(port_forward.forwarded(gateway, port))
        completed = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=deployment.client_environment(stack.server),
            input=json.dumps(event),
            capture_output=True,
            check=False,
            text=True,
            timeout=_TIMEOUT_SECONDS,
        )
    return Invocation(completed.stdout.strip(), completed.stderr, completed.returncode)


def _variables(stack: deployment.Stack, function: str, gateway: str) -> dict[str, str]:
    """Return the deployed function's environment, with addresses as containers see them."""
    try:
        resource = stack.client("cloudformation").describe_stack_resource(
            StackName=stack.name, LogicalResourceId=function
        )
    except ClientError as error:
        message = f"The stack has no function {function!r}; there is ScanObjectFunction, for one."
        raise LocalError(message) from error
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    configuration = stack.client("lambda").get_function_configuration(FunctionName=name)
    deployed = configuration.get("Environment", {}).get("Variables", {})
    # The queue's address holds the embedded AWS's own address as well.
    return {
        key: value.replace("http://127.0.0.1:", f"http://{gateway}:")
        for key, value in deployed.items()
    } | {"AWS_ENDPOINT_URL": f"http://{gateway}:{stack.server.port}"}
