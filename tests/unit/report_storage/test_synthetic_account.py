"""A report on 200 buckets, asked through boto3, whose every figure was computed by hand.

Standard, us-east-1      60 × 1,024 GB = 61,440 GB:  51,200 × $0.023 + 10,240 × $0.022 = $1,402.88
Standard-IA, eu-west-1   40 × 500 GB × $0.0125                                         =   $250.00
Standard, eu-west-1      20 × 10 GB × $0.023                                           =     $4.60
Standard, eu-central-1   20 × 200 GB × $0.0245                                         =    $98.00
  its requests           20 × (100,000 × $0.0000054 + 1,000,000 × $0.00000043)         =    $19.40
Tiering, us-west-2       20 × (100 GB × $0.023 + 400 GB × $0.0125)                     =   $146.00
  its monitoring         20 × 1,000,000 × $0.0000025                                   =    $50.00
Standard, us-west-2      10 × 1,000 GB × $0.023                                        =   $230.00
  its requests           10 × 1,000 × $0.0000004                                       =     $0.004
Glacier, us-east-2       10 × (10,320 GB × $0.0036 + 80 GB × $0.023)                   =   $389.92
                                                                                  sum  = $2,590.804
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.report_storage.request import Request
from local import synthetic_account
from local.simulated_aws import SimulatedAws, serving
from tests.unit.report_storage.world import KeptReports, perform

# $1,402.88 / 60 = $23.3813…, and so on.
COST_OF_ONE = {
    "plain": "23.38",
    "infrequent": "6.25",
    "frankfurt": "5.87",
    "tiered": "9.80",
    "archived": "38.99",
    "left-over": "0.23",
    "cold": "23.00",
    "empty": "0.00",
    "far": None,
    "denied": None,
}
INTELLIGENT = (
    "Intelligent-Tiering costs less when more than 32.6 % of these bytes are not read for 30 days"
)


@pytest.fixture(scope="module")
def aws() -> Iterator[SimulatedAws]:
    with serving(
        SimulatedAws.of(*synthetic_account.buckets(), now=synthetic_account.NOW)
    ) as simulated:
        yield simulated


@pytest.fixture(scope="module")
def kept(aws: SimulatedAws) -> KeptReports:
    reports = KeptReports()
    perform(reports)
    return reports


@pytest.fixture(scope="module")
def document(kept: KeptReports) -> dict[str, Any]:
    found: dict[str, Any] = kept.kept()["json"]
    return found


def test_there_are_two_hundred_buckets(document: dict[str, Any]) -> None:
    """None is lost on the way, whatever answers it gives."""
    assert document["buckets"] == 200
    assert len({each["name"] for each in document["perBucket"]}) == 200


def test_account_costs_what_was_computed_by_hand(document: dict[str, Any]) -> None:
    """To the cent: storage of every class, its bands, requests and monitoring."""
    assert document["monthlyCost"] == "2590.80"


@pytest.mark.parametrize("family", COST_OF_ONE)
def test_each_bucket_costs_its_share(document: dict[str, Any], family: str) -> None:
    """All buckets of a family cost the same, each to the cent; what is not known is no zero."""
    costs = {
        each["monthlyCost"]
        for each in document["perBucket"]
        if each["name"].rpartition("-")[0] == family
    }

    assert costs == {COST_OF_ONE[family]}


def test_savings_are_what_was_computed_by_hand(document: dict[str, Any]) -> None:
    """Cold: 998.779… GB × ($0.023 - $0.004) - 10 GB × $0.03 - 1,000 × $0.0000096 = $18.6672 each.

    Left over: 5 GB noncurrent and 4 GB of an upload, × $0.023 = $0.115 + $0.092 each. In all
    $186.672… + $2.30 + $1.84; once 10 × 10,000 × $0.00002.
    """
    found = {
        (each["bucket"].rpartition("-")[0], each["kind"], each["monthlySavings"])
        for each in document["recommendations"]
    }

    assert document["monthlySavings"] == "190.81"
    assert document["oneTimeCost"] == "2.00"
    assert len(document["recommendations"]) == 50
    assert found == {
        ("cold", "move-to-glacier-instant-retrieval", "18.67"),
        ("left-over", "expire-noncurrent-versions", "0.12"),
        ("left-over", "abort-incomplete-uploads", "0.09"),
    }


def test_each_saving_is_the_sum_of_its_steps(document: dict[str, Any]) -> None:
    """The arithmetic that is shown is the one that was done, to the cent of each step."""
    for each in document["recommendations"]:
        steps = sum(float(step["amount"]) for step in each["monthly"])
        assert abs(steps - float(each["monthlySavings"])) <= 0.005 * len(each["monthly"]) + 0.005
        assert all(step["calculation"] for step in each["monthly"] + each["once"])


def test_buckets_whose_reads_nobody_counts_get_no_saving(document: dict[str, Any]) -> None:
    """A terabyte of Standard may be cold or not: all that is said is from where on a move pays."""
    found = {
        (each["bucket"].rpartition("-")[0], each["kind"], each["condition"])
        for each in document["breakEvens"]
    }

    assert len(document["breakEvens"]) == 120
    assert found == {
        (
            "plain",
            "move-to-intelligent-tiering",
            INTELLIGENT,
        ),
        (
            "plain",
            "move-to-standard-ia",
            "Standard-IA costs less while a month's downloads stay below 95 % of these bytes",
        ),
    }


def test_unknown_is_named_with_its_reason(document: dict[str, Any]) -> None:
    """What was refused, and what has no prices, is told; an empty bucket is known to be empty."""
    families = {name.rpartition("-")[0] for name in document["unknown"]}
    denied = next(each for each in document["perBucket"] if each["name"] == "denied-0000")
    far = next(each for each in document["perBucket"] if each["name"] == "far-0000")
    empty = next(each for each in document["perBucket"] if each["name"] == "empty-0000")

    assert families == {"denied", "far"}
    assert denied["bytes"] is None
    assert "AccessDenied" in denied["notKnown"]["storage"]
    assert far["bytes"] == 100 << 30
    assert far["incomplete"] == "no prices for region ap-south-2: bytes only"
    assert (empty["bytes"], empty["objects"]) == (0, 0)
    assert document["notes"] == ["no prices for region ap-south-2: its buckets have bytes only"]


def test_history_shows_each_class_week_by_week(document: dict[str, Any]) -> None:
    """Thirteen weeks of points; what grew is seen to have grown."""
    history = document["history"]
    standard = history["bytesByClass"]["STANDARD"]

    assert len(history["days"]) == 13
    assert set(history["bytesByClass"]) == {
        "STANDARD",
        "STANDARD_IA",
        "GLACIER",
        "INTELLIGENT_TIERING_FA",
        "INTELLIGENT_TIERING_IA",
    }
    assert standard[-1] - standard[0] == 60 * 324 << 30


def test_files_are_small_enough_to_mail(kept: KeptReports) -> None:
    """The page for 200 buckets has less than 500 KB, all three files together less than 1 MB."""
    files = kept.kept()

    assert len(files["html"].encode()) < 500_000
    assert sum(len(text.encode()) for text in (files["html"], files["csv"])) < 600_000
    assert len(json.dumps(files["json"]).encode()) < 500_000


def test_csv_has_the_same_sums(kept: KeptReports) -> None:
    """One row for each bucket; rows are rounded one by one, so the sum is right within cents."""
    rows = list(csv.DictReader(io.StringIO(kept.kept()["csv"])))

    assert len(rows) == 200
    assert abs(sum(float(row["monthly_cost_usd"] or 0) for row in rows) - 2590.80) < 1
    assert [row["bucket"] for row in rows][:10] == [f"archived-{number:04}" for number in range(10)]
    assert {row["monthly_cost_usd"] for row in rows if row["bucket"].startswith("far")} == {""}


def test_report_on_one_bucket_is_priced_by_the_whole_account(aws: SimulatedAws) -> None:
    """Bands go by all bytes of a region: alone, the bucket would seem to cost $23.55."""
    reports = KeptReports()
    answer = perform(reports, Request(frozenset({"plain-0000", "nobodys-bucket"})))

    assert (answer["buckets"], answer["monthlyCost"]) == (1, "23.38")
    assert answer["unknown"] == ["nobodys-bucket"]
    assert reports.kept()["json"]["missing"] == {"nobodys-bucket": "not a bucket of this account"}
    assert reports.kept()["json"]["whole"] is False
