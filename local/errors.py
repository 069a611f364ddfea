"""What can go wrong on this machine, told to the person at the keyboard.

LocalError
├── EmbeddedAwsError   the embedded AWS did not start, or ended by itself
├── DeploymentError    sam deploy failed
└── DockerError        no Docker daemon, or no image for sam local invoke
"""


class LocalError(Exception):
    """Something on this machine prevents the work; the message says what to do."""


class EmbeddedAwsError(LocalError):
    """The embedded AWS did not start, or ended by itself."""


class DeploymentError(LocalError):
    """The stack could not be deployed."""


class DockerError(LocalError):
    """No Docker daemon answers, or the Lambda image can be neither pulled nor made."""
