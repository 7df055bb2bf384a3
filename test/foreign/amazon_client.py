"""Asks an Amazon of its own accord: a client of the Creators API built on Amazon's own SDK.

Arguments: base URL, URL of tokens, credential version, credential id, credential secret, partner tag.
Prints one JSON object: what it found, and how it takes what is refused.
"""

import json
import sys

from amazon_creatorsapi import AmazonCreatorsApi

base, tokens, version, credential_id, secret, tag = sys.argv[1:]


def connect(**changes):
    settings = {
        "credential_id": credential_id,
        "credential_secret": secret,
        "version": version,
        "tag": tag,
        "marketplace": "www.amazon.com",
        "throttling": 0,
        "retries": 0,
        "host": base,
        "auth_endpoint": tokens,
    }
    return AmazonCreatorsApi(**{**settings, **changes})


def refusal(call):
    """Name of the exception that the client makes of a refusal."""
    try:
        call()
    except Exception as error:  # noqa: BLE001: every kind is an answer here
        return type(error).__name__
    return None


def money(item):
    listings = item.offers_v2.listings if item.offers_v2 else []
    return [listings[0].price.money.amount, listings[0].price.money.currency] if listings else None


api = connect()
found = api.search_items(artist="Miles Davis", title="Kind of Blue", search_index="Music")
items = api.get_items([item.asin for item in found.items] + ["B0UNKNOWN0"])
print(
    json.dumps(
        {
            "total": found.total_result_count,
            "asins": [item.asin for item in found.items],
            "titles": [item.item_info.title.display_value for item in items],
            "artists": [c.name for c in items[0].item_info.by_line_info.contributors],
            "eans": items[0].item_info.external_ids.eans.display_values,
            "price": money(items[0]),
            "rank": items[0].browse_node_info.website_sales_rank.sales_rank,
            "highRes": items[0].images.primary.hi_res.url if items[0].images.primary.hi_res else None,
            "nothingFound": refusal(lambda: api.search_items(keywords="no such album")),
            "noSuchItem": refusal(lambda: api.get_items(["B0UNKNOWN0"])),
            "wrongSecret": refusal(lambda: connect(credential_secret="wrong").search_items(keywords="x")),
            "wrongTag": refusal(lambda: connect(tag="other-20").search_items(keywords="x")),
        }
    )
)
