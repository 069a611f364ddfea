"""Makes logs like those of a web server and of an application: the same on every machine."""

import random
from collections.abc import Iterator

_DAY = "25/Nov/2026"
_BROWSERS = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/%d.0.0.0 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Version/%d.1 Safari/605.1.15"
    ),
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/%d.0",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS %d_0 like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Mobile/15E148"
    ),
    "curl/8.%d.0",
)
_WORDS = (
    "cart", "orders", "items", "users", "login", "search", "static", "img", "css", "js", "help",
    "about", "api", "v1", "v2", "checkout", "reviews", "media",
)  # fmt: skip
_MODULES = ("order.service", "payment.gateway", "auth.session", "cache.store", "http.client")
_MESSAGES = (
    "request finished status=%d bytes=%d duration_ms=%d",
    "connection acquired pool=%d waiting=%d took_ms=%d",
    "retry attempt=%d backoff_ms=%d remaining=%d",
    "cache miss shard=%d entries=%d age_s=%d",
    "user session refreshed id=%d ttl=%d hits=%d",
)


def access_lines(seed: int = 7) -> Iterator[str]:
    """Yield lines as a web server writes them (combined format with the time taken), without end.

    A few thousand visitors, some far busier than others; a few hundred pages.
    """
    draw = random.Random(seed)
    visitors = [".".join(str(draw.randrange(1, 255)) for _ in range(4)) for _ in range(3000)]
    agents = [browser % draw.randrange(5, 140) for browser in _BROWSERS for _ in range(12)]
    pages = ["/" + "/".join(draw.choices(_WORDS, k=draw.randrange(1, 4))) for _ in range(400)]
    seconds = 0.0
    while True:
        seconds += draw.expovariate(40)
        now = int(seconds)
        page, kind = draw.choice(pages), draw.random()
        if kind < 0.3:
            page += f"/{draw.randrange(10**6)}"
        elif kind < 0.45:
            page += f"?q={draw.getrandbits(32):x}&page={draw.randrange(20)}"
        method = draw.choices(("GET", "POST", "PUT"), (85, 13, 2))[0]
        status = draw.choices((200, 304, 404, 302, 500), (80, 8, 7, 4, 1))[0]
        referrer = draw.choice(("-", f"https://shop.example/{draw.choice(_WORDS)}"))
        yield (
            f"{visitors[min(int(draw.paretovariate(0.7)), 2999)]} - - "
            f"[{_DAY}:{now // 3600 % 24:02}:{now // 60 % 60:02}:{now % 60:02} +0000] "
            f'"{method} {page} HTTP/1.1" {status} {draw.randrange(200, 60000)} '
            f'"{referrer}" "{draw.choice(agents)}" {draw.expovariate(8):.3f}\n'
        )


def application_lines(seed: int = 8) -> Iterator[str]:
    """Yield lines as an application writes them, each with an id of its own, without end."""
    draw = random.Random(seed)
    passed = 0
    while True:
        passed += draw.randrange(1, 80)
        level = draw.choices(("INFO", "DEBUG", "WARN", "ERROR"), (70, 20, 8, 2))[0]
        numbers = (draw.randrange(600), draw.randrange(10**5), draw.randrange(3000))
        yield (
            f"2026-11-25T{passed // 3600000 % 24:02}:{passed // 60000 % 60:02}:"
            f"{passed // 1000 % 60:02}.{passed % 1000:03}Z {level} [{draw.choice(_MODULES)}] "
            f"request_id={draw.getrandbits(32):08x}-{draw.getrandbits(16):04x} "
            f"trace={draw.getrandbits(64):016x} {draw.choice(_MESSAGES) % numbers}\n"
        )


def at_least(lines: Iterator[str], size_bytes: int) -> bytes:
    """Return whole lines of this many bytes or a few more."""
    taken, size = [], 0
    while size < size_bytes:
        line = next(lines).encode()
        taken.append(line)
        size += len(line)
    return b"".join(taken)
