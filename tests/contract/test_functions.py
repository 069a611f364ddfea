"""Each function has all that belongs to one: queue, dead letters, logs, alarms, a role."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.contract.cloudformation import Stack

FUNCTIONS = {
    "ScanObject": "scan_object",
    "QuarantineObject": "quarantine_object",
    "UpdateDefinitions": "update_definitions",
    "LabelImage": "label_image",
    "CompressLog": "compress_log",
    "RemediateBucket": "remediate_bucket",
    "ReportStorage": "report_storage",
}
REPOSITORY = Path(__file__).parents[2]

each_function = pytest.mark.parametrize("name", FUNCTIONS)


def alarm(stack: Stack, namespace: str, metric: str, dimension: str) -> dict[str, Any]:
    """Return the one alarm on a metric of one queue or function."""
    (found,) = [
        properties
        for properties in map(stack.properties, stack.of_type("AWS::CloudWatch::Alarm"))
        if (properties.get("Namespace"), properties.get("MetricName")) == (namespace, metric)
        and properties["Dimensions"][0]["Value"] == dimension
    ]
    return found


def test_every_function_is_tested_here(stack: Stack) -> None:
    """The template has these functions and no others, one for each folder."""
    folders = {path.parent.name for path in (REPOSITORY / "functions").glob("*/handler.py")}

    assert set(stack.of_type("AWS::Serverless::Function")) == {
        f"{name}Function" for name in FUNCTIONS
    }
    assert folders == set(FUNCTIONS.values())


@each_function
def test_function_is_built_from_its_folder(stack: Stack, name: str) -> None:
    """The handler is importable by the same name in the repository and in Lambda."""
    folder = FUNCTIONS[name]
    resource = stack.template["Resources"][f"{name}Function"]
    properties = resource["Properties"]

    assert properties["CodeUri"] == f"functions/{folder}"
    assert properties["Handler"] == f"functions.{folder}.handler.lambda_handler"
    assert resource["Metadata"] == {"BuildMethod": "makefile", "ContextPath": "functions"}
    assert callable(import_module(f"functions.{folder}.handler").lambda_handler)


@each_function
def test_function_runs_as_the_suite_does(stack: Stack, name: str) -> None:
    """All functions share the runtime that the layers are built for, and are traced."""
    shared = stack.template["Globals"]["Function"]
    properties = stack.properties(f"{name}Function")

    assert shared["Runtime"] == "python3.13"
    assert shared["Architectures"] == ["x86_64"]
    assert shared["Tracing"] == "Active"
    assert not {"Runtime", "Architectures", "Tracing"} & set(properties)
    assert "SharedLayer" in properties["Layers"]


@each_function
def test_function_is_fed_by_its_queue_with_partial_failures(stack: Stack, name: str) -> None:
    """One failed message comes back alone, at once, and concurrency is bounded by the queue."""
    events = stack.properties(f"{name}Function")["Events"]
    assert [event["Type"] for event in events.values()] == ["SQS"]
    (source,) = (event["Properties"] for event in events.values())

    assert source["Queue"].endswith(f":{name}Queue")
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["MaximumBatchingWindowInSeconds"] == 0
    assert 1 <= int(source["BatchSize"]) <= 10
    assert int(source["ScalingConfig"]["MaximumConcurrency"]) >= 2


def test_concurrency_in_the_embedded_aws_is_a_literal() -> None:
    """The embedded AWS takes no parameter there, and two engines are enough for one machine."""
    stack = Stack(parameters={"AwsEndpointUrl": "http://127.0.0.1:4566"})

    source = stack.properties("ScanObjectFunction")["Events"]["Messages"]["Properties"]

    assert source["ScalingConfig"] == {"MaximumConcurrency": 2}


@each_function
def test_message_stays_hidden_for_longer_than_any_run(stack: Stack, name: str) -> None:
    """Lambda refuses a queue whose visibility time-out is shorter than the function's."""
    timeout = stack.template["Resources"][f"{name}Function"]["Properties"]["Timeout"]
    longest = (
        stack.template["Parameters"][timeout["Ref"]]["MaxValue"]
        if isinstance(timeout, dict)
        else timeout
    )

    assert stack.properties(f"{name}Queue")["VisibilityTimeout"] > longest


@each_function
def test_message_that_fails_too_often_is_kept_for_a_fortnight(stack: Stack, name: str) -> None:
    """The dead-letter queue keeps messages longer than the queue: their age goes on counting."""
    queue, dead = stack.properties(f"{name}Queue"), stack.properties(f"{name}DeadLetterQueue")
    told = stack.template["Globals"]["Function"]["Environment"]["Variables"]["MAX_RECEIVE_COUNT"]

    assert queue["RedrivePolicy"]["deadLetterTargetArn"].endswith(f":{name}DeadLetterQueue")
    assert queue["RedrivePolicy"]["maxReceiveCount"] == int(told)
    assert dead["MessageRetentionPeriod"] == 14 * 24 * 3600 > queue["MessageRetentionPeriod"]
    assert queue["SqsManagedSseEnabled"] is dead["SqsManagedSseEnabled"] is True


@each_function
def test_dead_letters_and_old_messages_alarm(stack: Stack, name: str) -> None:
    """People are told of each message that is given up, and of a queue that does not move."""
    dead = alarm(
        stack,
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        f"{name}DeadLetterQueue.QueueName",
    )
    old = alarm(stack, "AWS/SQS", "ApproximateAgeOfOldestMessage", f"{name}Queue.QueueName")

    assert (dead["Statistic"], dead["Threshold"]) == ("Maximum", 0)
    assert (old["Statistic"], old["Threshold"]) == ("Maximum", 900)


@each_function
def test_crashes_alarm(stack: Stack, name: str) -> None:
    """A failed message is no error of the function: what counts as one is a crash or time-out."""
    crashed = alarm(stack, "AWS/Lambda", "Errors", f"{name}Function")

    assert (crashed["Statistic"], crashed["Threshold"]) == ("Sum", 0)


def test_every_alarm_tells_somebody_and_knows_what_silence_means(stack: Stack) -> None:
    """No alarm is without an action, and none is left to guess at missing data."""
    for name in stack.of_type("AWS::CloudWatch::Alarm"):
        properties = stack.properties(name)
        assert properties["AlarmActions"] == ["AlertsTopic"], name
        assert properties["TreatMissingData"] in ("notBreaching", "ignore", "breaching"), name
        assert properties["AlarmDescription"], name


@each_function
def test_logs_go_to_a_group_that_forgets(stack: Stack, name: str) -> None:
    """Logs are kept for LogRetentionDays, in a group that only this function may write to."""
    group = stack.properties(f"{name}LogGroup")

    assert group["LogGroupName"] == f"/aws/lambda/tidegate/{FUNCTIONS[name]}"
    assert group["RetentionInDays"] == "90"
    assert stack.properties(f"{name}Function")["LoggingConfig"] == {"LogGroup": f"{name}LogGroup"}


@each_function
def test_role_is_lambdas_and_this_functions_alone(stack: Stack, name: str) -> None:
    """Each function has a role of its own, which no other service or account may take on."""
    role = stack.properties(f"{name}Role")

    assert stack.properties(f"{name}Function")["Role"].endswith(f":role/{name}Role")
    assert "ManagedPolicyArns" not in role
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_own_metrics_that_alarm_are_told_by_the_code(stack: Stack) -> None:
    """An alarm on a metric that nobody publishes would be quiet for ever."""
    watched = 0
    for properties in map(stack.properties, stack.of_type("AWS::CloudWatch::Alarm")):
        for metric in [
            properties,
            *(query["MetricStat"]["Metric"] for query in properties.get("Metrics", [])[:1]),
        ]:
            if metric.get("Namespace") != "Tidegate":
                continue
            watched += 1
            (dimension,) = metric["Dimensions"]
            assert dimension["Name"] == "service"
            folder = REPOSITORY / "functions" / dimension["Value"]
            assert any(
                f'"{metric["MetricName"]}"' in path.read_text() for path in folder.glob("*.py")
            )
    assert watched == 4
