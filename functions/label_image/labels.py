"""What Rekognition saw, as values, and as the one tag that goes on the object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.tags import MAX_VALUE_CHARACTERS, legal_value

LABELS_TAG_KEY = "labels"
# Commas are illegal in tag values, and names hold spaces.
SEPARATOR = ":"


@dataclass(frozen=True, slots=True)
class Label:
    """One label and how sure Rekognition is of it, in percent."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """Rekognition's answers: the labels, best first, and the whole of both.

    `moderation` is None where moderation labels were not asked for. `answer` is what the service
    returned, confidences, boxes, parents and model versions included.
    """

    labels: tuple[Label, ...]
    moderation: tuple[Label, ...] | None
    model_version: str | None
    moderation_model_version: str | None
    answer: Mapping[str, Any]


def recognition(
    labels_answer: Mapping[str, Any], moderation_answer: Mapping[str, Any] | None
) -> Recognition:
    """Return what the answers of DetectLabels and DetectModerationLabels say."""
    answer: dict[str, Any] = {"detectLabels": _told(labels_answer)}
    if moderation_answer is not None:
        answer["detectModerationLabels"] = _told(moderation_answer)
    return Recognition(
        labels=_best_first(labels_answer.get("Labels", ())),
        moderation=None
        if moderation_answer is None
        else _best_first(moderation_answer.get("ModerationLabels", ())),
        model_version=labels_answer.get("LabelModelVersion"),
        moderation_model_version=(moderation_answer or {}).get("ModerationModelVersion"),
        answer=answer,
    )


def tag_text(labels: Iterable[Label]) -> str:
    """Return the tag's value: as many whole names as fit, best first, in legal characters."""
    text = ""
    for label in labels:
        name = legal_value(label.name.replace(SEPARATOR, "_"))
        longer = f"{text}{SEPARATOR}{name}" if text else name
        if len(longer) > MAX_VALUE_CHARACTERS:
            break
        text = longer
    return text


def _best_first(told: Iterable[Mapping[str, Any]]) -> tuple[Label, ...]:
    labels = [Label(label["Name"], float(label.get("Confidence", 0))) for label in told]
    # Stable: labels that are equally sure stay in Rekognition's own order.
    return tuple(sorted(labels, key=lambda label: -label.confidence))


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer without what the HTTP exchange added."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
