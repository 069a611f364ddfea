"""The ways in which an engine can be of no use.

    EngineError
    ├── DefinitionsError         the release's folder cannot be used; another release may do
    ├── EngineStartError         the process ended, or was not ready in time
    ├── CanaryError              the engine answers, but does not find what it must find
    └── EngineUnavailableError   no proven engine at this moment

All but DefinitionsError are transient: a restart or another environment may succeed. None of
them ever stands for a verdict.
"""


class EngineError(Exception):
    """The engine is of no use; the message says why."""


class DefinitionsError(EngineError):
    """The folder of definitions is missing, empty or in conflict with the policy signatures."""


class EngineStartError(EngineError):
    """The engine's process ended during its start, or was not ready in time."""


class CanaryError(EngineError):
    """The engine answers but failed its proof, so none of its verdicts can be believed."""


class EngineUnavailableError(EngineError):
    """There is no proven engine to ask at this moment."""
