"""The words of the message that tells people of a new report."""

from __future__ import annotations

from functions.report_storage.report import Report
from functions.report_storage.words import money, size


def subject(report: Report) -> str:
    """Return the message's subject."""
    return (
        f"Tidegate: storage costs {money(report.monthly_cost)} a month, "
        f"{money(report.monthly_saving)} could be saved"
    )


def text(report: Report, places: dict[str, str]) -> str:
    """Return the message's text."""
    lines = [
        f"Account:          {report.account.account_id}",
        f"Buckets:          {len(report.costs):,}, {len(report.unknown):,} of unknown cost",
        f"Stored:           {size(report.total_bytes)}",
        f"Costs a month:    {money(report.monthly_cost)}",
        f"Could be saved:   {money(report.monthly_saving)} a month at least",
        f"For it, once:     {money(report.one_time_cost)} at most",
        "",
        *(f"{kind.upper() + ':':<17} {place}" for kind, place in places.items()),
    ]
    return "\n".join(lines) + "\n"
