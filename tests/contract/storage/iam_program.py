"""Says which statements of a policy meet a request, in the Python of the embedded AWS.

In:  {"policy": {…}, "action": …, "resource": …, "principal": ARN, service or "", "context": {…}}
Out: {"Allow": [Sids], "Deny": [Sids]}

The evaluator is ministack's own (ministack.core.iam_evaluator), the one to which the deployed suite
is held. It is asked for each statement alone, so that the answer names all that meet the request.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ministack.core import iam_evaluator


def main() -> None:
    """Answer until there are no more questions."""
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)  # noqa: T201


def _answer(question: dict[str, Any]) -> dict[str, list[str]]:
    met: dict[str, list[str]] = {"Allow": [], "Deny": []}
    for statement in question["policy"]["Statement"]:
        if _decision(statement, question) == statement["Effect"]:
            met[statement["Effect"]].append(statement.get("Sid", ""))
    return met


def _decision(statement: dict[str, Any], question: dict[str, Any]) -> str:
    context = _context(question)
    document = {"Version": "2012-10-17", "Statement": [statement]}
    if "Principal" not in statement:
        parsed = iam_evaluator.parse_policy_document(document)
        return str(iam_evaluator.evaluate(context, [parsed]).decision)
    if str(question["action"]).startswith("sts:"):
        # A trust policy has no resource.
        document = {**document, "Statement": [{**statement, "Resource": "*"}]}
    service = None if question["principal"].startswith("arn:") else question["principal"]
    return str(iam_evaluator.evaluate_resource_policy(document, context, service).decision)


def _context(question: dict[str, Any]) -> Any:
    principal: str = question["principal"]
    facts = {name.lower(): value for name, value in question["context"].items()}
    is_arn = principal.startswith("arn:")
    return iam_evaluator.EvalContext(
        principal_arn=principal if is_arn else "",
        principal_type="AssumedRole",
        principal_account=principal.split(":")[4] if is_arn else None,
        action=question["action"],
        resource_arn=question["resource"],
        region="eu-central-1",
        source_ip=facts.pop("aws:sourceip", None),
        secure_transport=facts.pop("aws:securetransport", "true") == "true",
        service_context=facts,
    )


if __name__ == "__main__":
    main()
