"""The demo's chapter on images: what is uploaded, what is sent to be seen, what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local import pictures
from local.deployment import Stack
from local.verdicts import Labelling, Listener

_LABELLING_SECONDS = 90.0
_NOTE = (
    "The embedded AWS has no Rekognition: a stand-in (moto) answers, the same for every image. "
    "What is real here is all around it: formats, limits, tags, sidecars, events."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One upload. `expected`: how it is sent, or the reason why it is not."""

    title: str
    key: str
    content: Callable[[], bytes]
    expected: str


PICTURES = (
    Picture(
        "a photograph, held sideways",
        "harbour.jpg",
        lambda: pictures.photograph(orientation=6),
        "REFERENCE",
    ),
    Picture(
        "a PNG that calls itself a text",
        "drawing.txt",
        lambda: pictures.encoded(pictures.drawing(), "PNG"),
        "REFERENCE",
    ),
    Picture("a telephone's HEIC", "IMG_0001.HEIC", lambda: pictures.photograph("HEIF"), "BYTES"),
    Picture("an animated WebP", "wave.webp", lambda: pictures.animation("WEBP"), "BYTES"),
    Picture("a PNG that unpacks to 107 MB", "bomb.png", pictures.png_bomb, "TOO_MANY_PIXELS"),
    Picture("half a JPEG", "cut.jpg", lambda: pictures.photograph()[:4000], "BROKEN"),
)


def show(console: Console, stack: Stack) -> int:
    """Upload images, print what became of each, and return how many went otherwise than told."""
    bucket, s3 = stack.output("UploadsBucketName"), stack.client("s3")
    table = Table(title="What became of the images", show_lines=True, caption=_NOTE)
    table.add_column("Upload", ratio=5, overflow="fold")
    table.add_column("Labels, or the reason", ratio=4, overflow="fold")
    table.add_column("Sent", ratio=4)
    table.add_column("Whole answer, in the reports bucket", ratio=6, overflow="fold")
    table.add_column("", width=2)
    wrong = 0
    with Listener(stack) as listener:
        puts = [
            (picture, s3.put_object(Bucket=bucket, Key=picture.key, Body=picture.content()))
            for picture in PICTURES
        ]
        for picture, put in puts:
            etag, version = put["ETag"].strip('"'), put.get("VersionId")
            told = listener.wait_for_labelling(picture.key, etag, _LABELLING_SECONDS)
            selected = {"VersionId": version} if version else {}
            answer = s3.get_object_tagging(Bucket=bucket, Key=picture.key, **selected)
            tags = {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
            correct = told is not None and _is_as_told(stack, picture, told, tags)
            wrong += not correct
            table.add_row(*_row(picture, told, tags, correct=correct))
    console.print(table)
    if wrong:
        console.print(f"[bold red]{wrong} of {len(PICTURES)} images did not go as they must.[/]")
    return wrong


def _is_as_told(stack: Stack, picture: Picture, told: Labelling, tags: dict[str, str]) -> bool:
    """Whether event, tags and sidecar agree with what must come of the picture."""
    document = stack.client("s3").get_object(Bucket=told.sidecar["bucket"], Key=told.sidecar["key"])
    kept = document["Body"].read().decode()
    if tags.get("scan-status") != "NO_THREATS_FOUND" or pictures.OWNER in kept:
        return False
    if told.outcome != "LABELLED":
        return told.reason == picture.expected and "labels" not in tags
    return told.image["sent"] == picture.expected and tags.get("labels") == ":".join(told.labels)


def _row(
    picture: Picture, told: Labelling | None, tags: dict[str, str], *, correct: bool
) -> tuple[Text, Text, Text, Text, Text]:
    upload = Text.assemble((picture.title, "bold"), "\n", (picture.key, "cyan"))
    mark = Text("✓", "green") if correct else Text("✗", "bold red")
    if told is None:
        return upload, Text("nothing was told", "bold magenta"), Text(), Text(), mark
    if told.outcome != "LABELLED":
        return upload, Text(told.reason or "", "yellow"), Text("nothing"), _place(told), mark
    image = told.image
    how = "by reference, version and all" if image["sent"] == "REFERENCE" else "as a decoded copy"
    sent = Text(f"{image['format']}, {how}\n{image['sentWidth']} × {image['sentHeight']} pixels")
    return upload, Text(f"labels={tags.get('labels')}", "green"), sent, _place(told), mark


def _place(told: Labelling) -> Text:
    folder, _, name = told.sidecar["key"].rpartition("/")
    return Text(f"{folder}/\n{name[:16]}….json", "dim")
