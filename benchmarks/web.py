"""What pages weigh, how soon they stand, how late a change is on the page, what it costs the browser, how many keys and taps a
job takes: measured with Debian's Chromium on this machine. Printed as tables; ``--screenshots`` writes docs/screenshots.

    python benchmarks/web.py [--quick] [--screenshots [PAGE ...]]

Seconds of a job are not here: a script's own speed is not a user's (docs in screens.md). Keys and taps are counted by the
page itself from what the browser calls trusted.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.browser.conftest import FLAGS, MAP_FLAGS, ROOT, RunningTown, storm

CHANGES_A_SECOND, LIVE_STREAMS, FIRST_LIVE = 50, 20, 7
PAGES = (
    ("duty console", "duty_officer", "/"), ("event", "duty_officer", "EVENT"), ("map", "duty_officer", "/console/map/"),
    ("start of shift", "duty_officer", "/console/shift/"), ("big screen", "duty_officer", "/?wall=1"),
    ("warnings", "duty_officer", "/console/warnings/"), ("composer", "duty_officer", "COMPOSER"),
    ("signing", "signer", "SIGNING"), ("responses", "commander", "/responses/"),
    ("field", "inspector", "/field"),
    ("findings", "case_handler", "/findings/"), ("review", "commander", "REVIEW"),
    ("evaluation", "commander", "/evaluation"), ("sources", "duty_officer", "/sources/"),
    ("public warnings", "", "/warnings"), ("log-in", "", "/login"),
)  # fmt: skip
KINDS = ("Document", "Stylesheet", "Script")
BUDGETS = {"public warnings": 60, "field": 150}
# Kept beside the page, so that they go on over a navigation.
COUNT = """() => {
  const add = (name) => sessionStorage.setItem(name, String(Number(sessionStorage.getItem(name) ?? 0) + 1));
  addEventListener('keydown', (e) => { if (e.isTrusted && !['Shift', 'Control', 'Alt'].includes(e.key)) add('keys'); }, true);
  addEventListener('click', (e) => { if (e.isTrusted && e.detail) add('taps'); }, true);
}"""
WATCH = """() => { window.seen = [];
  const look = (row) => window.seen.push([row.id, Number(row.dataset.level), Date.now()]);
  new MutationObserver((all) => all.forEach((one) => look(one.target)))
    .observe(document.getElementById('events'), {subtree: true, attributeFilter: ['data-level']}); }"""


class DraftedTown(RunningTown):
    """A town whose drafts stand at ``drafts``, by the names that PAGES gives them."""

    drafts: dict[str, str]


@contextmanager
def town_in_a_storm() -> Iterator[DraftedTown]:
    """A town of observed data whose office may warn, with an inspector on duty."""
    with tempfile.TemporaryDirectory() as folder:
        town = DraftedTown(Path(folder), synthetic=False)
        try:
            storm(town)
            for role in ("duty_officer", "signer", "commander", "case_handler", "inspector"):
                town.session(role, "town/east" if role == "inspector" else "")
            town.do("may_warn", body="office")
            town.do("carry")
            town.drafts = {  # of the events after the first, with which the jobs begin
                "COMPOSER": "/console/warnings/" + town.do("draft_warning", number=1)["warning"],
                "SIGNING": f"/console/warnings/{town.do('draft_warning', number=2, submitted=True)['warning']}/sign",
            }
            town.do("give_addresses")
            town.serve()
            yield town
        finally:
            town.close()


def context_of(browser: Browser, town: DraftedTown, role: str, size: tuple[int, int] = (1440, 900), theme: str = "dark",
               language: str = "en") -> BrowserContext:  # fmt: skip
    """A fresh browser profile; somebody of the role is logged in."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(60_000)
    session = town.session(role, "town/east" if role == "inspector" else "") if role else None
    cookies = {"tocsin_theme": theme, "django_language": language} | (
        {session["cookie"]: session["key"]} if session else {}
    )
    context.add_cookies([{"name": name, "value": value, "url": town.url} for name, value in cookies.items()])  # type: ignore[list-item]
    return context


def address(context: BrowserContext, town: DraftedTown, path: str) -> str:
    """The address of a page; EVENT and REVIEW are those of the first event, COMPOSER and SIGNING those of the drafts."""
    if path not in ("EVENT", "REVIEW"):
        return town.url + town.drafts.get(path, path)
    page = context.new_page()
    page.goto(town.url + "/")
    event = str(page.locator("#events a.open").first.get_attribute("href"))
    page.close()
    return f"{town.url}{event.rstrip('/') + '/'}{'review' if path == 'REVIEW' else ''}"


def weigh(browser: Browser, town: DraftedTown) -> None:
    """Bytes over the wire (compressed, empty cache) and times of every page. The map's library is not among them: it is
    asked for later, and this browser draws no WebGL."""
    rows = []
    for name, role, path in PAGES:
        context = context_of(browser, town, role)
        where = address(context, town, path)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        kinds: dict[str, str] = {}
        sizes: dict[str, float] = {}
        session.on("Network.responseReceived", lambda m, kinds=kinds: kinds.update({m["requestId"]: m["type"]}))
        session.on(
            "Network.loadingFinished", lambda m, sizes=sizes: sizes.update({m["requestId"]: m["encodedDataLength"]})
        )
        answer = page.goto(where)
        page.wait_for_load_state("load")
        page.wait_for_timeout(400)
        times = page.evaluate("""() => { const n = performance.getEntriesByType('navigation')[0];
          const p = performance.getEntriesByName('first-contentful-paint')[0];
          return [n.responseStart - n.requestStart, n.domContentLoadedEventEnd - n.startTime, p ? p.startTime : 0]; }""")
        by_kind = [sum(sizes.get(r, 0) for r, k in kinds.items() if k == kind) / 1000 for kind in KINDS]
        weights = [f"{weight:.1f}" for weight in (*by_kind, sum(sizes.values()) / 1000)]
        status = str(answer.status) if answer else "-"
        rows.append((name, status, *weights, str(BUDGETS.get(name, "")), *(f"{t:.0f}" for t in times)))
        context.close()
    table("Pages: kB compressed, first visit; ms from the address to there",
          ("page", "status", "HTML", "style", "script", "all", "budget", "server", "ready", "painted"), rows)  # fmt: skip


def follow(browser: Browser, town: DraftedTown, seconds: float) -> None:
    """50 changes a second on 20 rows that the page shows: commit to row, and the CPU of the page's own process."""
    town.do("burst", changes=LIVE_STREAMS, seconds=1.0, first=FIRST_LIVE, streams=LIVE_STREAMS)
    context = context_of(browser, town, "duty_officer")
    page = context.new_page()
    page.goto(town.url + "/")
    page.wait_for_selector("#freshness[data-state=live]")
    page.evaluate(WATCH)
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    before = metrics(session)
    changes = int(CHANGES_A_SECOND * seconds)
    told = town.do("timed_burst", changes=changes, seconds=seconds, first=FIRST_LIVE, streams=LIVE_STREAMS)["told"]
    page.wait_for_timeout(1500)
    after = metrics(session)
    late = latencies(told, page.evaluate("window.seen"))
    wall = (told[-1]["at"] - told[0]["at"]) / 1000
    rate = len(told) / wall
    cpu = (after["TaskDuration"] - before["TaskDuration"]) / wall * 100
    table("Live list", ("what", "value", "bar"), [
        ("changes recorded a second", f"{rate:.0f}", str(CHANGES_A_SECOND)),
        ("changes seen on the page, of those not overtaken", f"{len(late)}", ""),
        ("recorded to on the page, median ms", f"{statistics.median(late):.0f}", ""),
        ("recorded to on the page, p95 ms", f"{quantile(late, 0.95):.0f}", "2000"),
        ("CPU of the page's process, % of a core", f"{cpu:.1f}", "20"),
        ("rows in the page", str(page.locator(".row").count()), "60"),
        ("heap, MB", f"{after['JSHeapUsedSize'] / 1e6:.1f}", ""),
    ])  # fmt: skip
    context.close()


def metrics(session: Any) -> dict[str, float]:
    return {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}


def latencies(told: Sequence[dict[str, Any]], seen: Sequence[Sequence[Any]]) -> list[float]:
    """For each change the first sight of its level on its row, in ms; a change that the next of its row overtook before the
    page was told has none."""
    of_row: dict[str, list[Sequence[Any]]] = {}
    for sight in seen:
        of_row.setdefault(sight[0], []).append(sight)
    found = []
    for change in told:
        sights = [at for _row, level, at in of_row.get(change["event"], ()) if level == change["level"]]
        at = next((at for at in sights if at >= change["at"] - 5), None)
        if at is not None:
            found.append(max(0.0, at - change["at"]))
    return found


def jobs(browser: Browser, town: DraftedTown) -> None:
    """Keys and taps of the main jobs, from the page on which they begin to the server's answer."""
    drafted = compose(browser, town)
    rows = [
        ("a red on the list: acknowledge", *acknowledge(browser, town), ""),
        ("list: open the first event, take its next action", *next_action(browser, town), ""),
        ("event: warning drafted and sent for approval", *drafted[:2], ""),
        ("warning: check and sign", *sign(browser, town, drafted[2]), "2 clicks"),
        ("task on the telephone: arrive, answer", *answer(browser, town), "4 taps, with photograph"),
    ]
    table("Jobs: keys and taps, counted by the page", ("job", "keys", "taps", "target"), rows)


def counting(browser: Browser, town: DraftedTown, role: str, size: tuple[int, int] = (1440, 900)) -> Page:
    """A page whose keys and taps are counted from its first address on."""
    page = context_of(browser, town, role, size).new_page()
    page.add_init_script(f"({COUNT})()")
    return page


def counted(page: Page) -> tuple[str, str]:
    keys, taps = page.evaluate("['keys', 'taps'].map((name) => sessionStorage.getItem(name) ?? '0')")
    return str(keys), str(taps)


def acknowledge(browser: Browser, town: DraftedTown) -> tuple[str, str]:
    page = counting(browser, town, "duty_officer")
    page.goto(town.url + "/")
    page.wait_for_selector("body[data-ready]")
    loud = page.locator("#strip li.loud").count()
    page.keyboard.press("a")
    page.wait_for_function("n => document.querySelectorAll('#strip li.loud').length < n", arg=loud)
    return counted(page)


def next_action(browser: Browser, town: DraftedTown) -> tuple[str, str]:
    page = counting(browser, town, "duty_officer")
    page.goto(town.url + "/")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-page=event][data-ready]")
    with page.expect_navigation():
        page.keyboard.press(page.locator(".next-act .primary kbd").inner_text())
    return counted(page)


def compose(browser: Browser, town: DraftedTown) -> tuple[str, str, str]:
    """From the event page with the pack's own texts; also where the draft stands."""
    page = counting(browser, town, "duty_officer")
    page.goto(address(page.context, town, "EVENT"))
    page.wait_for_selector("body[data-page=event][data-ready]")
    page.keyboard.press("w")
    page.wait_for_selector("body[data-composing], main button.main")
    if page.locator("body[data-composing]").count() == 0:
        page.keyboard.press("Enter")  # the only thing to do has the focus
        page.wait_for_selector("body[data-composing]")
    where = page.url.partition("?")[0].rstrip("/")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".chip.submitted, .notice")
    return *counted(page), where


def sign(browser: Browser, town: DraftedTown, where: str) -> tuple[str, str]:
    page = counting(browser, town, "signer")
    page.goto(where + "/sign")
    with page.expect_navigation():
        page.locator("button[value=sign]").click()
    return counted(page)


def answer(browser: Browser, town: DraftedTown) -> tuple[str, str]:
    page = counting(browser, town, "inspector", (393, 727))
    page.goto(town.url + "/field")
    page.locator(".task-list a").first.click()
    page.wait_for_selector("body[data-task][data-ready]")
    page.evaluate("sessionStorage.clear()")
    page.click("#arrived-button")
    page.wait_for_selector("#arrived:not([hidden])")
    page.locator(".answers label").nth(0).click()
    page.click("#send")
    page.wait_for_url("**/receipt")
    return counted(page)


def screenshots(browser: Browser, town: DraftedTown, only: Sequence[str] = ()) -> None:
    """Each page at both sizes (or those named in ``only``), few colours, so that none weighs 200 kB."""
    folder = ROOT / "docs/screenshots"
    for name, role, path in PAGES:
        if only and name not in only:
            continue
        for size, theme, language in (((1440, 900), "dark", "en"), ((360, 800), "light", "zh-hans")):
            context = context_of(browser, town, role, size, "light" if not role else theme, language)
            page = context.new_page()
            page.goto(address(context, town, path))
            page.wait_for_load_state("load")
            if path in ("/", "/console/map/") and size[0] > 1000:
                page.wait_for_selector(
                    "tocsin-map[data-idle], tocsin-map[data-state=failed], tocsin-map[data-state=no-webgl]",
                    timeout=300_000,  # drawn in software, perhaps on a busy machine
                )
            page.wait_for_timeout(500)
            target = folder / f"{name.replace(' ', '-')}-{language}-{size[0]}.png"
            shrink(page.screenshot(), target)
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")
            context.close()


def shrink(png: bytes, target: Path) -> None:
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(96, dither=Image.Dither.NONE)
    image.save(target, optimize=True)


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Printed as Markdown, so that it can be kept."""
    wide = [max(len(str(row[k])) for row in [head, *rows]) for k in range(len(head))]
    print(f"\n### {title}\n")
    for row in (head, ["-" * width for width in wide], *rows):
        print("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, wide, strict=True)) + " |")


def main() -> None:
    quick, pictures = "--quick" in sys.argv, "--screenshots" in sys.argv
    with town_in_a_storm() as town, sync_playwright() as playwright:
        flags = MAP_FLAGS if pictures else FLAGS
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        if pictures:
            screenshots(browser, town, sys.argv[sys.argv.index("--screenshots") + 1 :])
        else:
            weigh(browser, town)
            jobs(browser, town)
            follow(browser, town, 4.0 if quick else 20.0)
        browser.close()


if __name__ == "__main__":
    main()
