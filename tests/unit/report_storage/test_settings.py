"""The settings come from the environment, each fault named."""

from __future__ import annotations

import pytest

from functions.report_storage.settings import Settings
from tidegate.errors import MisconfiguredError

GIVEN = {
    "REPORTS_BUCKET_NAME": "reports",
    "EVENT_BUS_NAME": "bus",
    "ALERTS_TOPIC_ARN": "arn:topic",
    "QUEUE_URL": "https://sqs/queue",
    "MAX_RECEIVE_COUNT": "5",
    "REFRESH_PRICES": "true",
    "ALERT_ON_REPORT": "false",
    "MAX_LISTED_VERSIONS": "5000",
    "MAX_LISTED_UPLOADS": "200",
    "HISTORY_WEEKS": "13",
    "SURVEY_THREADS": "32",
}


def test_settings_are_read() -> None:
    """Every variable has its type."""
    settings = Settings.from_env(GIVEN)

    assert (settings.reports_bucket_name, settings.event_bus_name) == ("reports", "bus")
    assert (settings.refresh_prices, settings.alert_on_report) == (True, False)
    assert (settings.max_listed_versions, settings.max_listed_uploads) == (5000, 200)
    assert (settings.history_weeks, settings.survey_threads) == (13, 32)


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_missing_variable_is_named(name: str) -> None:
    """The error says which variable is not set."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({key: value for key, value in GIVEN.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [("HISTORY_WEEKS", "4"), ("SURVEY_THREADS", "0"), ("REFRESH_PRICES", "yes")],
)
def test_value_out_of_range_is_named(name: str, value: str) -> None:
    """Fewer than five weeks would not hold the thirty days that the sums need."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({**GIVEN, name: value})
