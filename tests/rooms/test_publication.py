"""What is public lies in files: as the database has it, right by the clock when nobody keeps it up, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import settings
from django.test import Client

from tests.rooms.asking import Answered, ask
from tocsin.doors.console.assets import asset_url
from tocsin.doors.portal import files
from tocsin.doors.portal.archive_pages import LINES, Asked, archive_page
from tocsin.doors.portal.public import Archive, Public
from tocsin.doors.portal.publisher import Publisher, read_archive, read_state
from tocsin.doors.portal.served import STALE_S, PublishedDoor
from tocsin.formats.cap import read_feed
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.records import clock
from tocsin.records.org.actor import SYSTEM
from tocsin.terms.moment import to_us
from tocsin.testing.town import CITY, EAST, Town

pytestmark = pytest.mark.django_db
TABLE = (AuthorityLine("emergency", "*", CITY, 1, 4, "test: the emergency office of Simcity"),)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()


def signed(town: Town, warning: str) -> str:
    duty, signer = town.as_("duty"), town.as_("signer")
    line = queries.warning(duty.scope, warning)
    if line.state == "draft":
        services.submit(warning, version=line.version, actor=duty, now=town.now)
    line = queries.warning(duty.scope, warning)
    return services.sign(warning, version=line.version, digest=line.content.digest, actor=signer, now=town.now)


def issued(town: Town, level: int = 3, **given: Any) -> str:
    event = town.storm(level=level).event
    return signed(town, services.draft(event, actor=town.as_("duty"), now=town.now, **{"exercise": False} | given))


class Published:
    """The folder, its publisher, and the door in front of nothing."""

    def __init__(self) -> None:
        self.folder: Path = settings.HOME.published
        self.steady = 0.0
        self.told: list[str] = []
        self.publisher = self.begin()
        self.behind: list[str] = []  # addresses that came through to the application behind
        self.status = 404
        self.wall = 0.0
        state = self.folder / files.STATE
        self.door = PublishedDoor(
            self.folder, self._onward, clock=clock.now, wall=lambda: state.stat().st_mtime + self.wall
        )

    def begin(self) -> Publisher:
        return Publisher(self.folder, told=lambda digest, now: self.told.append(digest), steady=lambda: self.steady)

    def look(self, now: datetime) -> int:
        written = self.publisher.look(now)
        self.door._looked_at = -1e9
        return written

    def get(self, address: str, **headers: str) -> Answered:
        return ask(self.door, address, **{"accept_language": "en"} | headers)

    async def _onward(self, scope: Any, receive: Any, send: Any) -> None:
        self.behind.append(scope["path"])
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"behind"})


@pytest.fixture
def published(town: Town) -> Published:
    return Published()


def everywhere(published: Published, warning: str) -> dict[str, str]:
    """The body of every public address that may speak of a warning in force."""
    addresses = ("/warnings", "/warnings?lang=zh-hans", f"/warnings/{warning}", "/warnings.geojson", "/widget",
                 f"/widget/{EAST}", "/widget?hazard=rainstorm", "/widget?theme=dark")  # fmt: skip
    return {address: published.get(address).text for address in addresses}


# ---------------------------------------------------------------- files and the database
def test_files_are_made_again_and_equal_the_database(town: Town, published: Published) -> None:
    first = issued(town)
    drill = issued(town, exercise=True, exercise_note="Autumn drill")
    assert published.look(town.now)
    folder = published.folder / "warnings"
    assert (folder / f"{first}.xml").read_bytes() == queries.alert(first).document
    feed = (folder / "feed.atom").read_text(encoding="utf-8")
    assert first in feed
    assert drill not in feed
    assert published.look(town.now) == 0
    (folder / f"{first}.xml").write_bytes(b"edited")
    (folder / "feed.atom").unlink()
    (folder / f"{first}.en.html").unlink()
    (published.folder / "warnings.geojson").write_bytes(b"{}")
    published.publisher = published.begin()  # the worker starts again
    assert published.look(town.now) == 4
    assert (folder / f"{first}.xml").read_bytes() == queries.alert(first).document
    assert read_feed((folder / "feed.atom").read_bytes()).entries


def test_the_door_gives_what_the_database_gives(town: Town, published: Published) -> None:
    warning = issued(town)
    issued(town, exercise=True, exercise_note="Autumn drill")
    published.look(town.now)
    client = Client(HTTP_HOST="localhost", headers={"accept-language": "en"})
    for address in ("/warnings", "/warnings?lang=zh-hans", f"/warnings/{warning}", f"/warnings/{warning}.xml",
                    "/warnings/feed.atom", "/warnings.geojson", "/warnings/archive", "/warnings/archive?level=3", "/widget",
                    f"/widget/{EAST}?hazard=rainstorm&theme=dark", "/warnings/embed", "/warnings/embed?hazard=rainstorm",
                    ):  # fmt: skip
        answered = published.get(address)
        assert answered.status == 200, address
        assert answered.body == client.get(address).content, address
    assert published.behind == []


def test_what_is_not_published_comes_to_the_application_behind(town: Town, published: Published) -> None:
    assert published.get("/warnings").text == "behind"  # nothing is published yet
    published.look(town.now)
    for address in (
        "/warnings/none",
        "/warnings/../../secret_key",
        "/widget/nowhere",
        "/subscribe",
        "/",
        "/widget?hazard=x",
    ):
        assert published.get(address).text == "behind", address
    answered = ask(published.door, "/warnings", method="POST")
    assert answered.text == "behind"


def test_an_update_a_cancellation_and_the_archive_follow_at_once(town: Town, published: Published) -> None:
    first = issued(town)
    published.look(town.now)
    town.after(minutes=5)
    second = signed(town, services.draft_update(first, level=4, actor=town.as_("duty"), now=town.now))
    published.look(town.now)
    assert "A newer one replaced it" in published.get(f"/warnings/{first}").text
    assert second in published.get("/warnings").text
    town.after(minutes=5)
    end = signed(town, services.draft_cancel(second, actor=town.as_("duty"), now=town.now))
    published.look(town.now)
    assert "No warning is in force" in published.get("/warnings").text
    assert "It was cancelled" in published.get(f"/warnings/{second}").text
    past = published.get("/warnings/archive").text
    assert [identifier in past for identifier in (first, second, end)] == [True] * 3
    assert past.count("Replaced by a newer one") == past.count("Ended an earlier one") == 1


def test_the_feed_is_told_of_once_a_change_also_after_a_crash_in_between(town: Town, published: Published) -> None:
    issued(town)
    published.look(town.now)
    published.publisher = published.begin()
    published.look(town.now)
    assert len(published.told) == 2
    assert len(set(published.told)) == 1  # the same digest: whoever is told drops the second


# ---------------------------------------------------------------- the clock alone
def test_nothing_that_ended_is_shown_as_in_force_although_nobody_keeps_the_files_up(
    town: Town, published: Published
) -> None:
    warning = issued(town, expires=town.now + timedelta(hours=2))
    longer = issued(town, level=4, expires=town.now + timedelta(hours=5))
    published.look(town.now)
    headline = queries.warning(town.as_("duty").scope, warning).content.text("en").headline
    assert "in force." in everywhere(published, warning)[f"/warnings/{warning}"]
    assert all(headline in text or "橙色" in text for text in everywhere(published, warning).values())
    published.get("/warnings/archive")
    clock.drive(town._hand, to_us(town.now) + 2 * 3600 * 1_000_000 - 1)
    assert warning in published.get("/warnings").text
    clock.drive(town._hand, to_us(town.now) + 1)
    for address, text in everywhere(published, warning).items():
        if address == f"/warnings/{warning}":
            assert "Its time is over" in text
        else:
            assert warning not in text, address
            assert headline not in text, address
            assert longer in text, address
    clock.drive(town._hand, to_us(town.now) + 3 * 3600 * 1_000_000)
    assert "No warning is in force" in published.get("/warnings").text
    assert published.behind == []
    assert longer not in (published.folder / "warnings/index.en.html").read_text(
        encoding="utf-8"
    )  # for other servers too


def test_the_publisher_itself_makes_pages_again_at_each_end_and_every_minute(town: Town, published: Published) -> None:
    warning = issued(town, expires=town.now + timedelta(hours=2))
    published.look(town.now)
    index = published.folder / "warnings" / "index.en.html"
    assert published.look(town.now + timedelta(hours=2) - timedelta(seconds=1)) == 0
    assert published.look(town.now + timedelta(hours=2))
    assert warning not in index.read_text(encoding="utf-8")
    assert "Its time is over" in (published.folder / f"warnings/{warning}.en.html").read_text(encoding="utf-8")
    published.steady += 61
    assert published.look(town.now + timedelta(hours=3))
    assert "06:00" in index.read_text(encoding="utf-8") or "made at" in index.read_text(encoding="utf-8")


def test_without_the_database_the_publisher_goes_on_by_the_clock(town: Town, published: Published) -> None:
    warning = issued(town, expires=town.now + timedelta(hours=2))
    published.look(town.now)
    published.publisher.renew(town.now + timedelta(hours=2))
    assert warning not in (published.folder / "warnings/index.en.html").read_text(encoding="utf-8")
    assert "Its time is over" in (published.folder / f"warnings/{warning}.en.html").read_text(encoding="utf-8")


def test_a_full_disk_changes_nothing_for_readers(
    town: Town, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = issued(town, expires=town.now + timedelta(hours=2))
    published.look(town.now)

    def full(*args: object, **named: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "put", full)
    clock.drive(town._hand, to_us(town.now) + 2 * 3600 * 1_000_000)
    assert warning not in published.get("/warnings").text
    assert "Its time is over" in published.get(f"/warnings/{warning}").text


def test_files_that_nobody_keeps_up_are_asked_last(town: Town, published: Published) -> None:
    issued(town)
    published.look(town.now)
    published.wall = STALE_S + 1
    published.status = 200
    assert published.get("/warnings").text == "behind"  # the database has the newest word
    published.status = 500
    assert "Orange II" in published.get("/warnings").text  # and where it has none, the files
    asked = len(published.behind)
    assert "Orange II" in published.get("/warnings").text
    assert len(published.behind) == asked  # a database that failed is left alone for some seconds


def test_a_database_that_hangs_is_as_good_as_none(
    town: Town, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.doors.portal import served

    issued(town)
    published.look(town.now)
    published.wall = STALE_S + 1
    monkeypatch.setattr(served, "PATIENCE_S", 0.01)

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(published.door, "_onward", hangs)
    assert "Orange II" in published.get("/warnings").text


# ---------------------------------------------------------------- HTTP
def test_conditions_encodings_languages_and_heads(town: Town, published: Published) -> None:
    warning = issued(town)
    published.look(town.now)
    plain = published.get("/warnings")
    for coding, unpack in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        packed = published.get("/warnings", accept_encoding=coding)
        assert packed.headers["content-encoding"] == coding
        assert unpack(packed.body) == plain.body
        assert int(packed.headers["content-length"]) == len(packed.body)
        again = published.get("/warnings", accept_encoding=coding, if_none_match=f'"x", W/{packed.headers["etag"]}')
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == packed.headers["etag"]
    assert published.get("/warnings", accept_encoding="br;q=0, gzip;q=0.5").headers["content-encoding"] == "gzip"
    assert published.get("/warnings", if_none_match='"other"').status == 200
    since = plain.headers["last-modified"]
    assert published.get("/warnings", if_modified_since=since).status == 304
    assert published.get("/warnings", if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT").status == 200
    assert published.get("/warnings", if_modified_since="yesterday").status == 200
    head = ask(published.door, "/warnings", method="HEAD", accept_language="en")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(plain.body)))
    assert "橙色" in published.get("/warnings", accept_language="fr, zh-CN;q=0.8").text
    assert "橙色" in published.get("/warnings", cookie="a=b; django_language=zh-hans").text
    assert 'lang="en"' in published.get("/warnings", accept_language="").text  # the deployment's own
    assert "immutable" in published.get(f"/warnings/{warning}.xml").headers["cache-control"]
    assert published.get("/warnings").headers["cache-control"] == "public, max-age=15"


def test_nobody_keeps_a_page_longer_than_its_first_warning_holds(town: Town, published: Published) -> None:
    issued(town, expires=town.now + timedelta(hours=2))
    published.look(town.now)
    clock.drive(town._hand, to_us(town.now) + (2 * 3600 - 4) * 1_000_000)
    assert published.get("/warnings").headers["cache-control"] == "public, max-age=4"


def test_headers_let_only_the_widget_be_framed_and_nothing_be_loaded_from_others(
    town: Town, published: Published
) -> None:
    issued(town)
    published.look(town.now)
    for address in ("/warnings", "/warnings/archive", "/warnings/embed"):
        headers = published.get(address).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
    for address in ("/widget", "/widget?theme=dark", f"/widget/{EAST}"):
        answered = published.get(address)
        policy = answered.headers["content-security-policy"]
        assert "frame-ancestors *" in policy
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "form-action 'none'" in policy
        assert "x-frame-options" not in answered.headers
        assert answered.text.count("<script") == 1  # its own, by address
        assert f'src="{asset_url("widget.js")}"' in answered.text
        assert "set-cookie" not in answered.headers
    feed = published.get("/warnings/feed.atom").headers
    assert feed["access-control-allow-origin"] == "*"
    assert 'rel="hub"' in feed["link"]
    assert 'rel="self"' in feed["link"]
    assert Client().get("/widget").headers["content-security-policy"].endswith("frame-ancestors *")
    assert "x-frame-options" not in Client().get("/widget").headers


# ---------------------------------------------------------------- what is not public
def test_exercises_stand_apart_on_the_page_and_are_nowhere_else(town: Town, published: Published) -> None:
    drill = issued(town, exercise=True, exercise_note="Autumn drill")
    published.look(town.now)
    page = published.get("/warnings").text
    assert "Exercise. Not a real warning" in page
    assert drill in page
    for address in ("/warnings/feed.atom", "/warnings.geojson", "/widget", f"/widget/{EAST}", "/warnings/archive"):
        assert drill not in published.get(address).text, address


def test_nothing_that_nobody_signed_is_in_any_file(town: Town, published: Published) -> None:
    draft = services.draft(town.storm(level=4).event, exercise=False, actor=town.as_("duty"), now=town.now)
    published.look(town.now)
    lying = [path for path in published.folder.rglob("*") if path.is_file() and draft.encode() in path.read_bytes()]
    assert lying == []


def test_a_widget_is_of_its_area_and_of_its_hazard(town: Town, published: Published) -> None:
    warning = issued(town)  # of the east
    published.look(town.now)
    shown = {address: warning in published.get(address).text for address in (
        "/widget", f"/widget/{CITY}", f"/widget/{EAST}", f"/widget/{CITY}/west", f"/widget/{EAST}?hazard=rainstorm",
        f"/widget/{EAST}?hazard=gale")}  # fmt: skip
    assert list(shown.values()) == [True, True, True, False, True, False]
    features = json.loads(published.get("/warnings.geojson").body)["features"]
    assert [feature["properties"]["identifier"] for feature in features] == [warning]
    assert features[0]["geometry"]["type"] == "MultiPolygon"


# ---------------------------------------------------------------- the archive
def many(published: Published, count: int) -> tuple[Public, Archive]:
    """An archive of a hundred and more, made of one line."""
    public, line = read_state(published.folder), read_archive(published.folder).lines[0]
    assert public is not None
    from dataclasses import replace

    lines = [
        replace(line, identifier=f"wrn_{n}", level=1 + n % 4, month=f"2025-{11 - n // 60:02d}") for n in range(count)
    ]
    return public, Archive(lines)


def identifiers(page: bytes) -> list[str]:
    import re

    return re.findall(r"/warnings/(wrn_\d+)\?", page.decode())


@pytest.mark.parametrize("asked", [Asked(), Asked(level=4), Asked("2025-11"), Asked("2025-10", level=2)])
def test_every_line_of_the_archive_is_on_exactly_one_page_in_order(
    town: Town, published: Published, asked: Asked
) -> None:
    from dataclasses import replace

    issued(town)
    published.look(town.now)
    public, archive = many(published, 2 * LINES + 20)
    wanted = [line.identifier for line in archive.lines if (not asked.month or line.month == asked.month)
              and (not asked.level or line.level == asked.level)]  # fmt: skip
    pages = -(-len(wanted) // LINES)
    found = [
        identifiers(archive_page(public, archive, replace(asked, number=n), "en", public.made_us))
        for n in range(1, pages + 1)
    ]
    assert [one for page in found for one in page] == wanted
    assert all(len(page) == LINES for page in found[:-1])
    beyond = archive_page(public, archive, replace(asked, number=99), "en", public.made_us)
    assert identifiers(beyond) == found[-1]


def test_the_archive_is_a_file_a_month_and_searched_from_its_own_file(town: Town, published: Published) -> None:
    warning = issued(town)
    published.look(town.now)
    assert (published.folder / "warnings/archive/2025-11.en.html").exists() or (
        published.folder / "warnings/archive/2025-11.zh-hans.html"
    ).exists()
    for address, there in (("/warnings/archive/2025-11", True), ("/warnings/archive?hazard=rainstorm&level=3", True),
                           ("/warnings/archive?level=1", False), ("/warnings/archive?month=2024-01", False),
                           ("/warnings/archive?level=x&page=0&month=all", True)):  # fmt: skip
        answered = published.get(address)
        assert answered.status == 200
        assert (warning in answered.text) is there, address
    assert published.get("/warnings/archive/2024-01").text == "behind"
