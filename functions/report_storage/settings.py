"""What the template sets for this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tidegate import environment as env


@dataclass(frozen=True, slots=True)
class Settings:
    """Names, limits and choices; each from the environment variable of the same name."""

    reports_bucket_name: str
    event_bus_name: str
    alerts_topic_arn: str
    queue_url: str
    max_receive_count: int
    refresh_prices: bool
    alert_on_report: bool
    max_listed_versions: int
    max_listed_uploads: int
    history_weeks: int
    survey_threads: int

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; MisconfiguredError names the variable that is wrong."""
        return cls(
            reports_bucket_name=env.text(environment, "REPORTS_BUCKET_NAME"),
            event_bus_name=env.text(environment, "EVENT_BUS_NAME"),
            alerts_topic_arn=env.text(environment, "ALERTS_TOPIC_ARN"),
            queue_url=env.text(environment, "QUEUE_URL"),
            max_receive_count=env.integer(environment, "MAX_RECEIVE_COUNT", 1, 1000),
            refresh_prices=env.flag(environment, "REFRESH_PRICES"),
            alert_on_report=env.flag(environment, "ALERT_ON_REPORT"),
            max_listed_versions=env.integer(environment, "MAX_LISTED_VERSIONS", 1, 1_000_000),
            max_listed_uploads=env.integer(environment, "MAX_LISTED_UPLOADS", 1, 100_000),
            history_weeks=env.integer(environment, "HISTORY_WEEKS", 5, 60),
            survey_threads=env.integer(environment, "SURVEY_THREADS", 1, 64),
        )
