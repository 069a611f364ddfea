"""All buckets are looked at, and what is not is said."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from functions.report_storage.metrics import COUNT, SIZE, Measured, Metric
from functions.report_storage.survey import OUT_OF_TIME, Found, Region, Survey
from functions.report_storage.usage import BucketUsage, Listing, Stock, Storage, Unknown, Uploads
from tests.unit.report_storage.world import GB, NO_UPLOADS, NOW, TODAY, listing
from tidegate.errors import AccessDeniedError, MisconfiguredError, TransientError

ONE = Found("one", "eu-west-1")


class FakeRegion:
    """Answers alike for every bucket; what is an error is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {
            "read": Measured(
                {
                    Metric(SIZE, "one", "StandardStorage"): {TODAY: float(GB)},
                    Metric(COUNT, "one", "AllStorageTypes"): {TODAY: 5.0},
                }
            ),
            "versioning": "Off",
            "lifecycle": (),
            "tiering": (),
            "whole_metrics": None,
            "uploads": NO_UPLOADS,
            "listing": listing(),
            **answers,
        }

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(*_: Any) -> Any:
            given = self.answers[name]
            if isinstance(given, Exception):
                raise given
            return given

        return answer


def survey(
    region: FakeRegion, *found: Found, out_of_time: Callable[[], bool] = lambda: False
) -> tuple[BucketUsage, ...]:
    """Return what is learnt of these buckets."""
    asked: Any = region
    opened = Region(metrics=asked, configuration=asked, contents=asked)
    made = Survey(lambda _: opened, 4, NOW, out_of_time)
    return made.of(found, {each.name for each in found}).buckets


def test_all_that_is_asked_is_learnt() -> None:
    """A bucket that answers everything has nothing unknown but the requests nobody counts."""
    (usage,) = survey(FakeRegion(), ONE)

    assert usage.unknowns() == {
        "requests": "no request metrics: no metrics configuration covers the whole bucket"
    }
    assert isinstance(usage.storage, Storage)
    assert (usage.storage.total_bytes, usage.objects) == (GB, 5)


def test_one_refusal_hides_nothing_else() -> None:
    """Each question stands alone: the bucket's other facts are told."""
    refused = AccessDeniedError("could not read the lifecycle of one: AccessDenied")
    (usage,) = survey(FakeRegion(lifecycle=refused, uploads=TransientError("slow down")), ONE)

    assert usage.lifecycle == Unknown("could not read the lifecycle of one: AccessDenied")
    assert usage.uploads == Unknown("slow down")
    assert isinstance(usage.storage, Storage)
    assert usage.versioning == "Off"


def test_region_without_cloudwatch_is_told_for_each_of_its_buckets() -> None:
    """A bucket that can be listed to its end has its size from there; others are unknown."""
    denied = MisconfiguredError("could not list CloudWatch's metrics: AccessDenied")
    shown = listing(stored={"STANDARD": Stock(3, 7)})
    partly = listing(stored={"STANDARD": Stock(3, 7)}, complete=False)

    (known,) = survey(FakeRegion(read=denied, listing=shown), ONE)
    (unknown,) = survey(FakeRegion(read=denied, listing=partly), ONE)

    assert isinstance(known.storage, Storage)
    assert known.storage.bytes_by_type == {"StandardStorage": 7}
    assert known.storage.source == "a listing of the bucket"
    assert isinstance(unknown.storage, Unknown)
    assert "AccessDenied; a listing showed at least 7 B" in unknown.storage.reason


def test_listed_size_has_the_parts_of_unfinished_uploads() -> None:
    """They are billed, though no listing of objects shows them."""
    shown = listing(stored={"INTELLIGENT_TIERING": Stock(1, 7)})
    uploads = Uploads(1, {"STANDARD": 5, "INTELLIGENT_TIERING": 2}, 0, {}, complete=True)

    (usage,) = survey(FakeRegion(read=Measured(), listing=shown, uploads=uploads), ONE)

    assert isinstance(usage.storage, Storage)
    assert usage.storage.bytes_by_type == {
        "IntelligentTieringFAStorage": 9,
        "StandardStorage": 5,
    }


def test_what_is_not_reached_in_time_is_said() -> None:
    """The survey ends by itself; what was learnt before is kept."""
    asked = count()
    buckets = [Found(f"b{number}", "eu-west-1") for number in range(20)]

    usages = survey(FakeRegion(), *buckets, out_of_time=lambda: next(asked) > 30)

    assert len(usages) == 20
    late = [each for each in usages if OUT_OF_TIME in each.unknowns().values()]
    early = [each for each in usages if each.versioning == "Off"]
    assert late
    assert early
    assert not any(isinstance(each.listing, Listing) for each in usages)


def test_region_is_opened_once() -> None:
    """Clients are dear, and not made by several threads at once."""
    opened: list[str] = []
    region: Any = FakeRegion()

    def open_region(name: str) -> Region:
        opened.append(name)
        return Region(metrics=region, configuration=region, contents=region)

    found = [Found(f"b{n}", f"region-{n % 3}") for n in range(30)]
    Survey(open_region, 4, NOW, lambda: False).of(found, {each.name for each in found})

    assert opened == ["region-0", "region-1", "region-2"]


def test_account_without_buckets_is_no_error() -> None:
    """Nothing to look at."""
    assert survey(FakeRegion()) == ()
