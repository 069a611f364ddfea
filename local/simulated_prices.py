"""Products as the AWS Price List Query API has them."""

import json
from typing import Any


def product(
    usage_type: str, price: str, *, volume_type: str = "", operation: str = "", bands: Any = None
) -> str:
    """Return a product as the price list's JSON has it; `bands` are (begin, end, price)."""
    dimensions = {
        f"SKU.TERM.{number}": {
            "unit": "GB-Mo",
            "beginRange": begin,
            "endRange": end,
            "description": "",
            "appliesTo": [],
            "rateCode": f"SKU.TERM.{number}",
            "pricePerUnit": {"USD": each},
        }
        for number, (begin, end, each) in enumerate(bands or [("0", "Inf", price)])
    }
    attributes = {"usagetype": usage_type, "servicecode": "AmazonS3", "regionCode": "any"}
    if volume_type:
        attributes["volumeType"] = volume_type
    if operation:
        attributes["operation"] = operation
    return json.dumps(
        {
            "product": {"productFamily": "Storage", "attributes": attributes, "sku": "SKU"},
            "serviceCode": "AmazonS3",
            "terms": {
                "OnDemand": {
                    "SKU.TERM": {
                        "priceDimensions": dimensions,
                        "sku": "SKU",
                        "effectiveDate": "2026-11-01T00:00:00Z",
                        "offerTermCode": "TERM",
                        "termAttributes": {},
                    }
                }
            },
            "version": "20261110101010",
            "publicationDate": "2026-11-10T10:10:10Z",
        }
    )
