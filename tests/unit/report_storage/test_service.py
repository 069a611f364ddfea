"""The steps of a report, in their order, and what happens when one fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.report_storage.archive import Archive, Place
from functions.report_storage.contents import Limits
from functions.report_storage.inventory import Regions
from functions.report_storage.price_api import PriceListApi
from local.simulated_aws import SimulatedAws, serving
from local.simulated_bucket import Bucket
from local.simulated_prices import product
from tests.unit.report_storage.world import ACCOUNT, GB, NOW, TODAY, KeptReports, perform
from tidegate.errors import MisconfiguredError, TransientError

DEARER = product("TimedStorage-ByteHrs", "0.030", volume_type="Standard")


@pytest.fixture
def aws() -> Iterator[SimulatedAws]:
    with serving(
        SimulatedAws.of(
            Bucket("one", sizes={"StandardStorage": 100 * GB}),
            Bucket("two", region="ap-south-2", sizes={"StandardStorage": GB}),
            now=NOW,
        )
    ) as simulated:
        yield simulated


def price_list() -> PriceListApi:
    """Return the price list of the simulated account."""
    return Regions(2, Limits(1, 1), 13).price_list("us-east-1")


def test_files_come_before_the_pointer_and_the_event_is_last(aws: SimulatedAws) -> None:
    """Whoever hears of a report, or follows the pointer, finds it."""
    kept = KeptReports()
    answer = perform(kept)

    assert [name for name, _ in kept.done] == ["keep", "point", "Storage Reported"]
    assert kept.done[1][1] == f"storage/{ACCOUNT}/latest.json"
    assert kept.done[2][1] == answer


def test_report_that_cannot_be_kept_is_not_told(aws: SimulatedAws) -> None:
    """The error goes to the queue, which sends the message again."""

    class Full(KeptReports):
        def keep(self, *_: Any) -> dict[str, str]:
            raise TransientError("could not write")

    kept = Full()
    with pytest.raises(TransientError):
        perform(kept)
    assert kept.done == []


def test_refreshed_prices_are_used_and_said(aws: SimulatedAws) -> None:
    """100 GB × $0.030 by the list; the region that it does not know keeps its bytes."""
    aws.price_list = {"us-east-1": [DEARER]}
    kept = KeptReports()

    answer = perform(kept, price_list=price_list)

    document = kept.kept()["json"]
    assert answer["monthlyCost"] == "3.00"
    assert [(each["origin"], each["asOf"]) for each in document["prices"]] == [
        ("read from the AWS price list", "2026-11-10")
    ]
    assert document["notes"] == [
        "prices of ap-south-2 were not refreshed: the price list shows no price for Standard",
        "no prices for region ap-south-2: its buckets have bytes only",
    ]


def test_absurd_prices_are_refused_and_the_shipped_ones_used(aws: SimulatedAws) -> None:
    """A list that prices a GB at $30 moves nothing."""
    aws.price_list = {"us-east-1": [product("TimedStorage-ByteHrs", "30", volume_type="Standard")]}
    kept = KeptReports()

    assert perform(kept, price_list=price_list)["monthlyCost"] == "2.30"
    assert "cannot be" in kept.kept()["json"]["notes"][1]


def test_price_list_out_of_reach_is_asked_once(aws: SimulatedAws) -> None:
    """A report on many regions does not wait for each of them."""
    pricing = boto3.client("pricing", region_name="us-east-1")
    stubber = Stubber(pricing)
    stubber.add_client_error("get_products", "AccessDeniedException")
    stubber.activate()
    kept = KeptReports()

    answer = perform(kept, price_list=lambda: PriceListApi(pricing, "us-east-1"))

    assert answer["monthlyCost"] == "2.30"
    assert kept.kept()["json"]["notes"][0].startswith(
        "prices of ap-south-2, us-east-1 were not refreshed: "
    )


class FakeS3:
    """Remembers what was put, and refuses from the n-th on."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.put: list[str] = []

    def put_object(self, **asked: Any) -> None:
        if len(self.put) >= self.most:
            raise MisconfiguredError("no more")
        self.put.append(asked["Key"])


def test_stop_between_two_files_leaves_the_pointer_alone() -> None:
    """The pointer goes on telling of the last whole report."""
    s3: Any = FakeS3(most=2)
    place = Place.of(ACCOUNT, TODAY, None)

    with pytest.raises(MisconfiguredError):
        Archive(s3, "reports").keep(place, "<p>", "a,b", {})

    folder = f"storage/{ACCOUNT}/2026-11-24"
    assert s3.put == [f"{folder}/report.html", f"{folder}/report.csv"]


def test_named_buckets_have_a_place_of_their_own() -> None:
    """The same names in any order have the same place; it has no pointer."""
    one = Place.of(ACCOUNT, TODAY, ["b", "a"])

    assert one == Place.of(ACCOUNT, TODAY, frozenset({"a", "b"}))
    assert one != Place.of(ACCOUNT, TODAY, ["a"])
    assert one.pointer is None
    assert one.prefix.startswith(f"storage/{ACCOUNT}/2026-11-24/")


def test_pointer_is_the_answer(aws: SimulatedAws) -> None:
    """Programs read one small file to know all sums and places."""
    put: dict[str, Any] = {}

    class Remembering:
        def put_object(self, **asked: Any) -> None:
            put[asked["Key"]] = json.loads(asked["Body"])

    s3: Any = Remembering()
    Archive(s3, "reports").point(Place.of(ACCOUNT, TODAY, None), {"monthlyCost": "1.00"})

    assert put == {f"storage/{ACCOUNT}/latest.json": {"monthlyCost": "1.00"}}
