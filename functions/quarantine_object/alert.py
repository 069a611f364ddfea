"""The words of an alert: what, where, who uploaded it, which signature, what was done.

Everything that an uploader chose is shown as a Python literal, so that control characters,
line breaks and right-to-left marks are seen instead of obeyed.
"""

from __future__ import annotations

from functions.quarantine_object.report import Outcome, Report
from tidegate.verdicts import ScanStatus

# SNS: fewer than 100 characters of ASCII without control characters, in an e-mail's subject.
MAX_SUBJECT_CHARACTERS = 99

_DONE = {
    Outcome.QUARANTINED: "quarantined",
    Outcome.LEFT_BLOCKED: "NOT moved, still blocked",
    Outcome.GONE: "gone before quarantine",
    Outcome.UNFINISHED: "quarantine UNFINISHED, still blocked",
}
_STORY = {
    Outcome.QUARANTINED: "The object was moved to quarantine: copied, the copy proven true, and "
    "the original version deleted. Other versions were left alone.",
    Outcome.LEFT_BLOCKED: "The object could not be moved. It is still in its bucket, and its "
    "verdict tag stays on it: where the bucket requires a clean status, nobody can read it.",
    Outcome.GONE: "Somebody deleted or replaced the object before it could be copied. Tidegate "
    "deleted nothing and has no copy of it.",
    Outcome.UNFINISHED: "Every try failed, and the message is now in the dead-letter queue. The "
    "verdict tag stays on the object as long as it exists. Send the message back (redrive) when "
    "the cause is removed.",
}


def subject(report: Report) -> str:
    """Return the alert's subject."""
    result = report.result
    told = f"Tidegate: {result.detail_text or result.status} in {result.ref.bucket}"
    done = f": {_DONE[report.outcome]}"
    plain = "".join(character if " " <= character <= "~" else "?" for character in told)
    return plain[: MAX_SUBJECT_CHARACTERS - len(done)] + done


def text(report: Report) -> str:
    """Return the alert's text, for people."""
    result = report.result
    label = "Signature" if result.status is ScanStatus.THREATS_FOUND else "Reason"
    lines = [
        _STORY[report.outcome],
        "",
        f"Verdict:     {result.status}",
        f"{label + ':':<12} {_plain(result.detail_text) or 'none given'}",
        f"Bucket:      {result.ref.bucket}",
        f"Key:         {result.ref.key!r}",
        f"Version:     {result.ref.version_id or 'the bucket keeps no versions'}",
        f"Size:        {_number(result.size_bytes)} bytes",
        f"SHA-256:     {result.sha256 or 'not known'}",
        f"Uploaded by: {_plain(result.uploader.requester) or 'not told by the event'}",
        f"From:        {_plain(result.uploader.source_ip) or 'not told by the event'}",
        f"Scanned:     {result.scanned_at.isoformat(timespec='seconds')}",
        f"Engine:      {_plain(result.engine) or 'not known'}",
        f"Definitions: {_plain(result.definitions_release) or 'not known'}",
    ]
    if report.reason:
        lines += ["", f"Why:         {_plain(report.reason)}"]
    if report.copy:
        ref = report.copy.stored.ref
        lines += [
            "",
            f"Copy:        s3://{ref.bucket}/{ref.key}",
            f"Record:      s3://{ref.bucket}/{ref.key}.json",
            f"Proven by:   {', '.join(report.copy.proofs)}",
        ]
        if report.copy.lost:
            lost = ", ".join(report.copy.lost)
            lines.append(f"Only in the record, not on the copy: {_plain(lost)}")
    if result.correlation_id:
        lines += ["", f"Correlation: {_plain(result.correlation_id)}"]
    return "\n".join(lines) + "\n"


def _plain(value: str | None) -> str:
    """Return the text as it is, or as a literal where that would show something else."""
    if not value:
        return ""
    return value if value.isprintable() else repr(value)


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
