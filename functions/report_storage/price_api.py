"""Asks the AWS Price List Query API, which only a few regions have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.report_storage.price_list import table_of
from functions.report_storage.price_table import PricesError, PriceTable
from tidegate.errors import TidegateError, service_errors

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient

_SERVICE = "AmazonS3"
_NEAR = {"eu": "eu-central-1", "me": "eu-central-1", "af": "eu-central-1", "il": "eu-central-1"}
_NEAR_ASIA = "ap-south-1"
_ELSEWHERE = "us-east-1"


def endpoint_region(region: str) -> str:
    """Return the nearest region that has the API.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
    """
    area = region.partition("-")[0]
    return _NEAR_ASIA if area == "ap" else _NEAR.get(area, _ELSEWHERE)


class PriceListApi:
    """The price list, seen from one of its regions."""

    def __init__(self, pricing: PricingClient, endpoint: str) -> None:
        self._pricing = pricing
        self._endpoint = endpoint

    def products(self, region: str) -> list[str]:
        """Return S3's products of a region as JSON texts. Raises what service_errors raises."""
        with service_errors(f"read the price list for {region}"):
            pages = self._pricing.get_paginator("get_products").paginate(
                ServiceCode=_SERVICE,
                FormatVersion="aws_v1",
                Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
            )
            return [text for page in pages for text in page["PriceList"]]

    @property
    def source(self) -> str:
        """Where the prices come from, in words."""
        return f"AWS Price List Query API, {self._endpoint}"


def refreshed(
    tables: dict[str, PriceTable],
    regions: set[str],
    api: PriceListApi,
    told: Callable[[str], None],
) -> dict[str, PriceTable]:
    """Return the tables with those of the regions read anew; one that cannot be stays as it was.

    `told` gets a sentence for each that stays. An API that refuses or does not answer is not asked
    again: a report on many regions would wait for each.
    """
    fresh = dict(tables)
    waiting = sorted(regions)
    while waiting:
        region = waiting.pop(0)
        try:
            products = api.products(region)
            fresh[region] = table_of(region, products, tables.get(region), api.source)
        except PricesError as error:
            told(f"prices of {region} were not refreshed: {error}")
        except TidegateError as error:
            told(f"prices of {', '.join([region, *waiting])} were not refreshed: {error}")
            waiting = []
    return fresh
