"""The page: self-contained, small, escaped, and readable in a browser at both sizes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from functions.report_storage import document, page, table
from functions.report_storage.usage import LifecycleRule, Storage
from local import synthetic_account
from local.simulated_aws import SimulatedAws, serving
from tests.browser import DESKTOP, PHONE, Rendered, render
from tests.unit.report_storage.world import (
    GB,
    TODAY,
    KeptReports,
    bucket,
    perform,
    report,
    unknown,
)

HOSTILE = "<img src=https://evil.example/x onerror=alert(1)>&\"'"


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = KeptReports()
    with serving(SimulatedAws.of(*synthetic_account.buckets(), now=synthetic_account.NOW)):
        perform(kept)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(kept.kept()["html"])
    return path


@pytest.fixture(scope="module", params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def rendered(html: Path, request: pytest.FixtureRequest) -> Rendered:
    # As wide as the screen, and twice as high, to see the charts further down as well.
    width, height = request.param
    return render(html, width, 2 * height)


def colours(picture: Path) -> set[object]:
    """Return the colours that cover more than a thousandth of the picture."""
    with Image.open(picture) as image:
        pixels = image.convert("RGB")
        area = pixels.width * pixels.height
        return {colour for count, colour in pixels.getcolors(area) or [] if count > area / 1000}


def test_browser_shows_the_sums_and_all_charts(rendered: Rendered) -> None:
    """What was computed is there when the browser is done, and the charts are drawn."""
    assert "$2,590.80" in rendered.dom
    assert "$190.81" in rendered.dom
    assert rendered.dom.count("<polygon") == 5
    assert rendered.dom.count('class="bar"') == 26
    # The blue of the largest class, the orange of Standard and the green of a saving.
    assert {(0x2F, 0x6F, 0xDE), (0xE0, 0x8A, 0x1E)} <= colours(rendered.png)


def test_page_fetches_nothing(rendered: Rendered) -> None:
    """No script, style, font or picture from elsewhere; a policy of the page forbids them too."""
    assert rendered.fetched() == []
    assert "<script" not in rendered.dom
    assert "default-src 'none'" in rendered.dom


def test_page_is_no_wider_than_a_telephone(html: Path) -> None:
    """Wide tables scroll by themselves; the page's own right edge is paper."""
    with Image.open(render(html, *PHONE).png) as image:
        edge = {image.convert("RGB").getpixel((image.width - 1, y)) for y in range(image.height)}

    assert edge == {(0xF6, 0xF7, 0xF9)}


def test_every_bucket_is_in_the_page(html: Path) -> None:
    """Two hundred rows, the dearest first."""
    names = re.findall(r'<td class="name">([a-z0-9-]+)<small>[a-z]', html.read_text())

    assert len([name for name in names if not name.startswith("plain")]) >= 140
    assert names[-1].startswith(("far", "denied", "empty"))


def test_hostile_words_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    """Rule ids, reasons and storage types come from elsewhere, and reach the page as text."""
    rule = LifecycleRule(HOSTILE, enabled=True, whole=True, actions=(HOSTILE,))
    hostile = bucket(
        lifecycle=(rule,),
        versioning=unknown(HOSTILE),
        storage=Storage({HOSTILE: GB}, TODAY, "CloudWatch"),
        history={HOSTILE: {TODAY: GB}},
        tiering=(HOSTILE,),
    )
    path = tmp_path / "hostile.html"
    path.write_text(page.to_html(report(hostile, missing={HOSTILE: HOSTILE})))

    found = render(path, *DESKTOP)

    assert found.fetched() == []
    assert "<img" not in found.dom
    assert found.dom.count("&lt;img src=https://evil.example/x onerror=alert(1)&gt;") >= 5


@pytest.mark.parametrize(
    "buckets",
    [(), (bucket(storage=unknown(), requests=unknown(), listing=unknown(), objects=unknown()),)],
    ids=["no buckets", "nothing known"],
)
def test_page_says_so_where_there_is_nothing_to_show(tmp_path: Path, buckets: tuple[()]) -> None:
    """Neither an empty account nor one that refuses everything breaks the page."""
    path = tmp_path / "empty.html"
    path.write_text(page.to_html(report(*buckets)))

    dom = render(path, *DESKTOP).dom

    assert "$0.00" in dom
    assert ("There is no bucket to report on." in dom) == (not buckets)
    assert ("CloudWatch has no sizes of these buckets yet." in dom) == bool(buckets)


def test_large_account_still_fits_into_a_mail() -> None:
    """A thousand buckets: the dearest are in the page, and it says where the others are."""
    many = [bucket(f"bucket-{number:04}") for number in range(1000)]
    html = page.to_html(report(*many))

    assert len(html.encode()) < 500_000
    assert "700 cheaper ones are in report.csv" in html
    assert len(table.to_csv(report(*many)).splitlines()) == 1001


def test_csv_gives_no_spreadsheet_a_formula() -> None:
    """A rule's words that begin like a formula are kept from being one."""
    rule = LifecycleRule("r", enabled=True, whole=True, actions=("=HYPERLINK(1)",))

    text = table.to_csv(report(bucket(lifecycle=(rule,), tiering=("@a",))))

    assert "'=HYPERLINK(1)" in text
    assert "'@a" in text


def test_json_tells_unknown_from_zero() -> None:
    """What is not known is null with its reason, never 0."""
    (told,) = document.to_json(report(bucket(storage=unknown("no"), objects=unknown("no"))))[
        "perBucket"
    ]

    assert (told["bytes"], told["objects"], told["monthlyCost"]) == (None, None, None)
    assert told["notKnown"] == {"storage": "no", "objects": "no"}
