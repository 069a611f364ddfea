"""Prices read from the price list, and absurd ones refused."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.report_storage.price_api import PriceListApi, endpoint_region, refreshed
from functions.report_storage.price_list import table_of
from functions.report_storage.price_table import PricesError
from local.simulated_prices import product
from tests.unit.report_storage.world import VIRGINIA, usd

BANDS = [("0", "51200", "0.024"), ("51200", "512000", "0.023"), ("512000", "Inf", "0.022")]
STANDARD = product("TimedStorage-ByteHrs", "", volume_type="Standard", bands=BANDS)
LIST = [
    STANDARD,
    # The same usage type, billed to other products.
    product("TimedStorage-ByteHrs", "0.021", volume_type="INTAAS3ObjectOverhead"),
    product("TimedStorage-SIA-ByteHrs", "0.013", volume_type="Standard - Infrequent Access"),
    product("TimedStorage-GIR-ByteHrs", "0.0041", volume_type="Glacier Instant Retrieval"),
    product("Requests-Tier1", "0.000006", operation=""),
    product("Requests-Tier2", "0.0000005"),
    product("Requests-GIR-Tier2", "0.000011"),
    product("Retrieval-GIR", "0.031"),
    product("Requests-Tier4", "0.000021", operation="S3-GIRTransition"),
    product("Monitoring-Automation-INT", "0.0000026"),
    # Some operations are free.
    product("Requests-Tier1", "0.0000000000", operation="DeleteObject"),
    product("DataTransfer-Out-Bytes", "0.09"),
]


def stubbed(*answers: list[str], region: str = "eu-central-1") -> PriceListApi:
    """Return the API that answers these pages, or a refusal where there are none."""
    pricing = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stubber = Stubber(pricing)
    for number, page in enumerate(answers):
        asked: dict[str, Any] = {
            "ServiceCode": "AmazonS3",
            "FormatVersion": "aws_v1",
            "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        }
        if number:
            asked["NextToken"] = str(number)
        answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": page}
        if number + 1 < len(answers):
            answer["NextToken"] = str(number + 1)
        stubber.add_response("get_products", answer, asked)
    if not answers:
        stubber.add_client_error("get_products", "AccessDeniedException", "no")
    stubber.activate()
    return PriceListApi(pricing, "us-east-1")


def test_price_list_takes_the_place_of_the_shipped_prices() -> None:
    """What the list shows is taken; what it does not show stays as it was shipped."""
    table = table_of("us-east-1", LIST, VIRGINIA, "the list")
    standard, instant = table.classes["STANDARD"], table.classes["GLACIER_IR"]

    assert [band.price for band in standard.storage] == [usd("0.024"), usd("0.023"), usd("0.022")]
    assert (standard.write, standard.read) == (usd("0.000006"), usd("0.0000005"))
    assert instant.storage[0].price == usd("0.0041")
    assert (instant.read, instant.transition) == (usd("0.000011"), usd("0.000021"))
    assert instant.retrieval == usd("0.031")
    assert instant.write == VIRGINIA.classes["GLACIER_IR"].write
    assert table.monitoring == usd("0.0000026")
    assert table.as_of == date(2026, 11, 10)
    assert (table.source, table.origin) == ("the list", "read from the AWS price list")


@pytest.mark.parametrize("prefix", ["EU-", "EUC1-", "APS1-", "USW2-", "CPT-"])
def test_prefix_of_a_region_does_not_hide_the_usage_type(prefix: str) -> None:
    """Outside us-east-1 each usage type begins with an abbreviation of its region."""
    products = [product(f"{prefix}TimedStorage-ByteHrs", "0.025", volume_type="Standard")]

    assert table_of("x", products, None, "list").classes["STANDARD"].storage[0].price == usd(
        "0.025"
    )


@pytest.mark.parametrize(
    "products",
    [
        [],
        ["not JSON"],
        [json.dumps({"product": {}})],
        [product("TimedStorage-SIA-ByteHrs", "0.0125")],
        [product("TimedStorage-ByteHrs", "0", volume_type="Standard")],
        [product("TimedStorage-ByteHrs", "23", volume_type="Standard")],
        [product("TimedStorage-ByteHrs", "0.0001", volume_type="Standard")],
        [product("TimedStorage-ByteHrs", "", volume_type="Standard", bands=BANDS[:2])],
        [product("TimedStorage-ByteHrs", "", volume_type="Standard", bands=BANDS[::-1][:1])] * 2
        + [STANDARD],
        [STANDARD, product("TimedStorage-SIA-ByteHrs", "0.0375")],
        [STANDARD, product("TimedStorage-GIR-ByteHrs", "0.0004")],
        [STANDARD, product("Requests-Tier1", "0.005")],
    ],
)
def test_absurd_price_list_is_refused(products: list[str]) -> None:
    """Empty, unreadable, free, a thousand times as dear, out of order: the shipped table stays."""
    with pytest.raises(PricesError):
        table_of("us-east-1", products, VIRGINIA, "list")


def test_all_pages_are_read() -> None:
    """The API gives a hundred products at a time."""
    tables = refreshed({}, {"eu-central-1"}, stubbed(LIST[:1], LIST[1:]), print)

    assert tables["eu-central-1"].classes["STANDARD_IA"].storage[0].price == usd("0.013")
    assert tables["eu-central-1"].source == "AWS Price List Query API, us-east-1"


def test_region_without_a_shipped_table_gets_prices_from_the_list() -> None:
    """With the list the report knows regions that it was shipped without."""
    tables = refreshed({}, {"ap-south-2"}, stubbed(LIST, region="ap-south-2"), print)

    assert tables["ap-south-2"].storage("STANDARD", usd("10")) == usd("0.24")


def test_fee_of_moving_into_intelligent_tiering_is_read() -> None:
    """The list prices its tiers and the move apart; a region without a file gets both."""
    products = [
        *LIST,
        product("TimedStorage-INT-FA-ByteHrs", "0.024", volume_type="Intelligent-Tiering"),
        product("Requests-Tier4", "0.00001", operation="S3-INTTransition"),
    ]

    tiering = table_of("ap-south-2", products, None, "list").classes["INTELLIGENT_TIERING"]

    assert tiering.transition == usd("0.00001")
    assert tiering.storage[0].price == usd("0.024")


@pytest.mark.parametrize("answers", [[], [["[]"]]])
def test_price_list_that_cannot_be_read_leaves_the_shipped_prices(answers: list[Any]) -> None:
    """It is said, with the reason, and the report goes on with the table that was shipped."""
    told: list[str] = []

    tables = refreshed(
        {"us-east-1": VIRGINIA}, {"us-east-1"}, stubbed(*answers, region="us-east-1"), told.append
    )

    assert tables == {"us-east-1": VIRGINIA}
    assert len(told) == 1
    assert told[0].startswith("prices of us-east-1 were not refreshed: ")


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("us-west-2", "us-east-1"),
        ("sa-east-1", "us-east-1"),
        ("eu-west-3", "eu-central-1"),
        ("af-south-1", "eu-central-1"),
        ("ap-northeast-1", "ap-south-1"),
    ],
)
def test_nearest_region_with_a_price_list_is_asked(region: str, endpoint: str) -> None:
    """The API is in three regions."""
    assert endpoint_region(region) == endpoint
