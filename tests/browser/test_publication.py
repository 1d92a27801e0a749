"""What the public meets in a browser: warnings in the browser itself (Web Push) from the button to the notification and the
end of it, a widget in somebody else's page, and a page that says by itself that a warning is over.

Chromium's own push service cannot be reached from a test: the one thing that is put in its place is the browser's
subscription (an address of that service). Everything of ours is real: page, script, service worker, form, database; a push is
delivered by the browser's own tools, as that service would.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, CDPSession, Page

from tests.browser.conftest import RunningTown
from tests.browser.looks import check_every_look

pytestmark = pytest.mark.browser


def _keys() -> dict[str, str]:
    """Keys as a browser makes them."""
    point = (
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    return {"p256dh": base64.urlsafe_b64encode(point).decode().rstrip("="), "auth": "c2l4dGVlbiBzZWNyZXRzIQ"}


# What the push service of the browser's maker would answer; it also notes the key that the page gave.
SERVICE = """keys => {
  let kept = null;
  const made = {endpoint: 'https://push.example/one', toJSON: () => ({endpoint: 'https://push.example/one', keys}),
    unsubscribe: async () => { kept = null; return true; }};
  PushManager.prototype.subscribe = async function (options) {
    window.asked = {visible: options.userVisibleOnly, key: options.applicationServerKey.length}; kept = made; return made; };
  PushManager.prototype.getSubscription = async function () { return kept; };
}"""


@pytest.fixture
def page(empty_town: RunningTown, open_context: Callable[..., BrowserContext]) -> Page:
    """The page of subscribing, in a town that knows its areas."""
    empty_town.do("found")
    for role in ("duty_officer", "signer"):
        empty_town.session(role)
    empty_town.do("may_warn", body="office")
    context = open_context(empty_town.url, "en", permissions=["notifications"])
    opened = context.new_page()
    opened.add_init_script(f"({SERVICE})({json.dumps(_keys())})")
    opened.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    opened.goto(empty_town.url + "/subscribe")
    opened.wait_for_selector("body[data-push=ready]")
    return opened


def choose_area(page: Page) -> str:
    value = str(page.locator("#place option").first.get_attribute("value"))
    page.select_option("#place", value)
    return value


def test_a_browser_subscribes_by_keyboard_and_ends_it_in_one_press(page: Page, empty_town: RunningTown) -> None:
    said = page.locator("#push [role=status]")
    page.focus("#push-begin")
    page.keyboard.press("Enter")
    assert "Choose at least one area" in said.inner_text()
    assert page.evaluate("document.activeElement.id") == "place"
    choose_area(page)
    page.focus("#push-begin")
    page.keyboard.press("Enter")
    page.wait_for_selector("#push-end:visible")
    assert "This browser shows warnings from now on" in said.inner_text()
    assert page.evaluate("window.asked") == {"visible": True, "key": 65}
    counts = empty_town.do("subscribers")
    assert counts == {"web_push": 1}
    page.reload()
    page.wait_for_selector("#push-end:visible")
    page.click("#push-end")
    page.wait_for_selector("#push-begin:visible")
    assert "has deleted its address" in said.inner_text()
    assert empty_town.do("subscribers") == {}
    assert page.context.cookies(empty_town.url)  # the form's token; nothing else that would know a browser again
    assert page.evaluate("localStorage.length") == 0


def test_a_browser_that_does_not_allow_it_is_told_what_to_do(
    empty_town: RunningTown, open_context: Callable[..., BrowserContext], page: Page
) -> None:
    choose_area(page)
    page.evaluate("Notification.requestPermission = async () => 'denied'")
    page.click("#push-begin")
    page.wait_for_selector("#push [role=status].is-over")
    assert "does not allow it" in page.inner_text("#push [role=status]")
    page.evaluate("() => { Notification.requestPermission = async () => 'granted';"
                  " PushManager.prototype.subscribe = async () => { throw new Error('no service'); } }")  # fmt: skip
    page.click("#push-begin")
    page.locator("#push [role=status]", has_text="push service").wait_for()
    assert empty_town.do("subscribers") == {}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_of_subscribing_is_accessible_with_the_button(
    empty_town: RunningTown, open_context: Callable[..., BrowserContext], page: Page, language: str
) -> None:
    seen = open_context(empty_town.url, language, bypass_csp=True).new_page()
    seen.goto(empty_town.url + "/subscribe")
    seen.wait_for_selector("body[data-push=ready]")
    check_every_look(seen, "subscribing with the button")


def _delivered(page: Page, town: RunningTown, document: dict[str, object]) -> CDPSession:
    """Have the browser deliver a push to our worker, as its push service would."""
    tools = page.context.new_cdp_session(page)
    versions: list[dict[str, Any]] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: versions.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")
    own: list[dict[str, Any]] = []
    for _ in range(200):
        own = [one for one in versions if one["scopeURL"].endswith("/subscribe")]
        if own:
            break
        page.wait_for_timeout(25)
    tools.send("ServiceWorker.deliverPushMessage", {
        "origin": town.url, "registrationId": own[-1]["registrationId"], "data": json.dumps(document)})  # fmt: skip
    return tools


def test_a_push_is_shown_and_said_to_have_come(page: Page, empty_town: RunningTown) -> None:
    choose_area(page)
    page.click("#push-begin")
    page.wait_for_selector("#push-end:visible")
    letter = empty_town.do("letter_to_browser")
    _delivered(page, empty_town, letter)
    page.wait_for_function("""async () => {
      const found = await (await navigator.serviceWorker.getRegistration('/subscribe')).getNotifications();
      return found.length === 1 && found[0].title }""")
    shown = page.evaluate("""async () => {
      const [one] = await (await navigator.serviceWorker.getRegistration('/subscribe')).getNotifications();
      return {title: one.title, body: one.body, tag: one.tag, link: one.data.link}; }""")
    assert shown == {"title": letter["subject"], "body": letter["body"], "tag": letter["id"], "link": letter["link"]}
    until = 100
    while not (told := empty_town.do("receipts")["said"]) and until:
        page.wait_for_timeout(50)
        until -= 1
    assert told == ["delivered"]


# ---------------------------------------------------------------- the widget
class _Neighbour(BaseHTTPRequestHandler):
    """A page of somebody else, with the line that /warnings/embed gives."""

    line = ""

    def do_GET(self) -> None:
        body = f"<!doctype html><html lang=en><title>School</title><h1>School</h1>{self.line}".encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def test_the_widget_stands_in_somebody_elses_page_and_asks_nobody_else(
    empty_town: RunningTown, open_context: Callable[..., BrowserContext], page: Page
) -> None:
    page.goto(empty_town.url + "/warnings/embed")
    page.select_option("#theme", "dark")
    page.click("main button")
    line = page.input_value(".snippet")
    assert "theme=dark" in line
    own = line.replace(line.split('"')[1].partition("/widget")[0], empty_town.url)  # the town's public name is another
    handler = type("Handler", (_Neighbour,), {"line": own})
    neighbour = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=neighbour.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        context = open_context(empty_town.url, java_script_enabled=False)
        other = context.new_page()
        asked: list[str] = []
        other.on("request", lambda request: asked.append(request.url))
        other.goto(f"http://localhost:{neighbour.server_port}/")
        frame = other.frame_locator("iframe")
        frame.locator("h1", has_text="Warnings in force").wait_for()
        assert frame.locator("html").get_attribute("data-theme") == "dark"
        assert frame.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(17, 22, 28)"
        assert all(
            url.startswith((empty_town.url, f"http://localhost:{neighbour.server_port}/", "data:")) for url in asked
        )
        other.goto("about:blank")
        watching = open_context(empty_town.url).new_page()
        watching.clock.install()
        watching.goto(f"http://localhost:{neighbour.server_port}/")
        inside = watching.frame_locator("iframe")
        before = inside.locator(".warning").count()
        warned = empty_town.do("issue", minutes=30)["warning"]
        assert inside.locator(f"a[href*='{warned}']").count() == 0
        until = 100
        while inside.locator(".warning").count() == before and until:  # its files are written every few seconds
            watching.clock.fast_forward("02:01")
            watching.wait_for_timeout(100)
            until -= 1
        inside.locator(f"a[href*='{warned}']").wait_for()
        assert inside.locator("[data-old]").is_hidden()
        watching.route("**/widget**", lambda route: route.abort())
        for _ in range(3):
            watching.clock.fast_forward("02:01")
        inside.locator("[data-old]").wait_for()
        assert inside.locator(".warning").count() > before  # what it last knew stays
        watching.goto("about:blank")
    finally:
        neighbour.shutdown()
        neighbour.server_close()


# ---------------------------------------------------------------- an open page
def test_an_open_page_says_by_the_servers_clock_that_a_warning_is_over(
    empty_town: RunningTown, open_context: Callable[..., BrowserContext], page: Page
) -> None:
    """The reader's clock is two hours fast: nothing is called over for that; the server's word counts."""
    warned = empty_town.do("issue", minutes=30)["warning"]
    seen = open_context(empty_town.url).new_page()
    seen.clock.install()
    seen.goto(empty_town.url + "/warnings")
    seen.wait_for_selector(".warning[data-until]")
    asked: list[str] = []
    seen.on("request", lambda request: asked.append(request.method))
    with seen.expect_request(lambda request: request.method == "HEAD"):
        seen.clock.fast_forward("02:00:00")
    seen.wait_for_load_state("networkidle")
    seen.clock.run_for(2000)
    assert seen.locator(".warning .over").count() == 0
    assert warned in seen.content()
    later = open_context(empty_town.url).new_page()
    later.route("**/warnings", lambda route: route.continue_() if route.request.method == "GET" else route.fulfill(
        status=200, headers={"date": "Fri, 01 Jan 2100 00:00:00 GMT"}))  # as if the page had been open so long  # fmt: skip
    later.clock.install()
    later.goto(empty_town.url + "/warnings")
    later.wait_for_selector(".warning[data-until]")
    later.clock.fast_forward("02:00:00")
    later.wait_for_selector(".warning.ended .over")
    assert "no all-clear" in later.inner_text(".warning.ended .over")


@pytest.mark.parametrize("address", ["/subscribe/confirm/x/y", "/subscribe/leave/x/y"])
def test_pages_whose_address_holds_a_proof_take_their_own_form(
    empty_town: RunningTown, open_context: Callable[..., BrowserContext], address: str
) -> None:
    """A browser writes ``Origin: null`` into a form that a page without referrer sends, and it would be refused as forged."""
    opened = open_context(empty_town.url, "en", java_script_enabled=False).new_page()
    opened.goto(empty_town.url + address)
    with opened.expect_navigation() as answered:
        opened.click("main form button")
    assert answered.value.status == 410
    assert "is not one of ours" in opened.inner_text("main")
