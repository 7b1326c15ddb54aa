"""The metrics of the benchmark of donations, on the example that is published with it."""

import csv
from datetime import date

import pytest

from bench.donations import Request, Shipment, figures
from tests.city import DATA

PUBLISHED = DATA / "ppe_match_benchmark" / "published_section3_results.csv"


def asked(who, item, quantity, got):
    return Request(f"{who} {item}", who, date(2020, 4, 5), item, quantity, quantity - got)


def test_the_example_of_the_article_comes_out_as_it_is_published():
    """doi 10.1287/ijoc.2022.1203, section 3: three recipients, two donors, five shipments."""
    if not PUBLISHED.is_file():
        pytest.skip("the benchmark is not here")
    with PUBLISHED.open(encoding="utf-8") as lines:
        published = {row["metric_name"]: float(row["value"]) for row in csv.DictReader(lines)}
    recipients = [
        asked("R1", "masks", 100, 100),
        asked("R1", "gloves", 300, 300),
        asked("R2", "gloves", 200, 100),
        asked("R2", "gowns", 50, 50),
        asked("R3", "gowns", 60, 0),
    ]
    sent = [
        Shipment(300, 100, 5),
        Shipment(100, 100, 10),
        Shipment(20, 100, 4),
        Shipment(100, 50, 8),
        Shipment(30, 50, 8),
    ]
    wanted = (100 * published["fill rate"], published["avg unit-miles"], published["avg holding time"])
    assert figures(recipients, sent) == pytest.approx(wanted)
