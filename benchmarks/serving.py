"""A child process's side: takes requests, times the work alone, answers.

One JSON line in on standard input, one JSON line out on the descriptor given as argument 1;
standard output stays what it is in Lambda, the log.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any


def serve(operations: Mapping[str, Callable[..., Any]]) -> None:
    """Answer requests until standard input ends."""
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8", buffering=1) as answers:
        for line in sys.stdin:
            request = json.loads(line)
            operation = operations[request["operation"]]
            started = time.perf_counter()
            result = operation(**request["arguments"])
            seconds = time.perf_counter() - started
            answers.write(json.dumps({"seconds": seconds, "result": result}) + "\n")
