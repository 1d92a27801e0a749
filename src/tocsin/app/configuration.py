"""Settings of a deployment: TOCSIN_HOME/tocsin.toml, overruled by the environment (``TOCSIN_`` + the key in capitals).

Read once at start, checked as a whole, frozen afterwards. Lists are comma-separated in the environment.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

from tocsin.app.home import Home
from tocsin.doors.channels.broker import Broker
from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.doors.channels.platform import Platform
from tocsin.doors.channels.receipt_form import ReceiptForm
from tocsin.doors.channels.smsc import Smsc
from tocsin.doors.channels.smtp_server import SmtpServer, sender_address
from tocsin.doors.outward.guard import Guard
from tocsin.records.dispatch.restraint import limits_of
from tocsin.terms.errors import BadForm, BadValue, UnknownName

__all__ = ["Configuration", "load", "postgresql_settings"]

LANGUAGES = ("en", "zh-hans")
LOG_LEVELS = ("debug", "info", "warning", "error")


def _key(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True)
class Configuration:
    """All keys, their defaults and what they mean (``tocsin doctor`` prints them without secrets)."""

    home: Home
    database: str = _key("", "postgresql://user:password@host:port/name; empty = SQLite in TOCSIN_HOME", secret=True)
    listen: str = _key("127.0.0.1:8000", "address and port of the web process")
    allowed_hosts: tuple[str, ...] = _key(("127.0.0.1", "localhost", "[::1]"), "host names the web process answers to")
    trusted_origins: tuple[str, ...] = _key((), "origins with scheme whose forms are accepted behind a proxy")
    secure_cookies: bool | None = _key(None, "cookies over https only; unset = yes unless listening on loopback")
    proxies: int = _key(0, "reverse proxies in front, whose X-Forwarded headers are believed; 0 = none")
    login_failures: int = _key(
        5, "failed log-ins of one name from one address before a pause; ten times that of one address"
    )
    login_pause_s: int = _key(900, "how long such a pause lasts, in seconds")
    language: str = _key("en", "language where the browser asks for none: en or zh-hans")
    time_zone: str = _key("UTC", "IANA zone in which pages print times")
    public_url: str = _key("", "address with scheme under which others reach this deployment; empty = http://listen")
    smtp: str = _key(
        "", "smtps://user:password@host (or smtp:// with STARTTLS); ?ca=FILE; empty = mail is kept waiting", secret=True
    )
    mail_from: str = _key("tocsin@localhost", "sender address of mail")
    sms_gateway: str = _key("", "https address of a gateway for short messages; empty = none")
    sms_request: str = _key(
        '{"to": "{to}", "text": "{text}", "id": "{key}"}', "its body: JSON, or a form To={to}&Body={text}"
    )
    smpp: str = _key("", "smpps://system_id:password@host of an operator's SMSC, instead of sms_gateway", secret=True)
    smpp_from: str = _key("", "number or name that its short messages come from")
    sms_header: str = _key("", "a header that proves who we are, for example Authorization: Bearer ...", secret=True)
    voice_gateway: str = _key("", "https address of a gateway that calls and reads a text aloud; empty = none")
    voice_request: str = _key('{"to": "{to}", "text": "{text}", "id": "{key}"}', "its body, as sms_request")
    voice_header: str = _key("", "as sms_header", secret=True)
    sms_receipt: str = _key("", "how the gateway reports: id=FIELD status=FIELD delivered=WORD,WORD returned=WORD")
    voice_receipt: str = _key("", "as sms_receipt")
    release_gateway: str = _key(
        "", "https address of the official release platform of the authority above; empty = none"
    )
    release_header: str = _key("", "as sms_header", secret=True)
    release_receipt: str = _key("receipt", "where its JSON answer has the receipt number, names joined by dots")
    answers_token: str = _key(
        "", "what gateways send as Authorization: Bearer when they hand over replies; empty = no door", secret=True
    )
    heartbeat_url: str = _key("", "address that is called once a minute while all is well; empty = none", secret=True)
    heartbeat_every_s: int = _key(60, "how often, in seconds; 60 at most")
    throttles: tuple[str, ...] = _key(
        ("1/1m", "3/5m", "10/1h", "30/1d"), "how often one telephone rings for what is not red; the rest goes bundled"
    )
    test_day: int = _key(0, "day of the month (1 to 28) on which every channel is tested at ten o'clock; 0 = never")
    throttle_channels: tuple[str, ...] = _key(("sms", "voice"), "channels to which throttles apply")
    chats: tuple[str, ...] = _key(
        (), "chat rooms, name=address each (wecombot://, dingtalk://, slack://, ...)", secret=True
    )
    mqtt: str = _key("", "mqtts://user:password@host of the broker of sirens and displays; empty = none", secret=True)
    websub_hub: str = _key("", "https address of a WebSub hub that is told when the feed changes; empty = our own only")
    publish_to: str = _key("", "folder of the public files, where another account serves them; empty = in TOCSIN_HOME")
    outward_inside: tuple[str, ...] = _key((), "hosts and networks of our own that may be called, also without TLS")
    outward_ca: str = _key("", "file of further certificate authorities to trust when calling others")
    cap_sender: str = _key("tocsin.invalid", "sender of CAP messages: a name of this deployment that no other uses")
    cap_key: str = _key("", "PEM file of the key that signs CAP messages (tocsin cap new-key); empty = not signed")
    cap_certificate: str = _key("", "PEM file of its certificate, which readers pin")
    signing: str = _key("session", "session; passkey = a warning is signed by the signer's passkey besides")
    small_office: tuple[str, ...] = _key(
        (), "what a small office may do: mutual_aid, presigned (docs/warnings.md); empty = neither"
    )
    packs: tuple[str, ...] = _key(("natural_hazards",), "packs in force: names of built-in packs, or folders")
    allow_out_of_date_rules: bool = _key(False, "judge also by rules whose dates of validity do not cover the day")
    engine_memory_mb: int = _key(
        0, "MiB that rules may need with full windows: what needs more is refused; 0 = three quarters of the machine's"
    )
    max_body_bytes: int = _key(64 << 20, "largest body the intake door reads")
    free_space_floor_mb: int = _key(
        256, "MiB that stay free: below it observations are refused, so that what was taken can be judged; 0 = none"
    )
    clock: str = _key("wall", "wall; driven = somebody else moves time (only the demo does)")
    log_level: str = _key("info", "debug, info, warning or error")
    debug: bool = _key(False, "developer's error pages; never where others can reach it")

    @property
    def host(self) -> str:
        """The address part of ``listen``."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of ``listen``."""
        return int(self.listen.rpartition(":")[2])

    @property
    def public_address(self) -> str:
        """``public_url``, else where we listen; without a slash at its end."""
        return (self.public_url or f"http://{self.listen}").rstrip("/")

    @property
    def cookies_are_secure(self) -> bool:
        """What ``secure_cookies`` says, else: secure unless we listen on loopback, where plain http is usual."""
        return self.secure_cookies if self.secure_cookies is not None else not _is_loopback(self.host)

    def shown(self) -> dict[str, Any]:
        """Every key and value; secrets are masked."""
        shown = {"home": str(self.home.root)}
        for key in _keys():
            value = getattr(self, key.name)
            shown[key.name] = "(set, not shown)" if key.metadata["secret"] and value else value
        return shown


def load(home: Home, environment: Mapping[str, str]) -> Configuration:
    """Read and check all settings.

    Raises UnknownName for a key nobody knows (naming the nearest), BadForm for a file that is no TOML, BadValue for a
    value of the wrong type or out of range. In the environment an unknown ``TOCSIN_`` name is refused only where it
    looks like a misspelt key: container platforms add names of their own such as ``TOCSIN_SERVICE_HOST``.
    """
    values = _from_toml(home) | _from_environment(environment)
    configuration = Configuration(home=home, **values)
    _check(configuration)
    return configuration


def postgresql_settings(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a ``postgresql://`` URL; its query parameters become libpq options.

    Raises BadValue for any other scheme or a URL without database name.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not name:
        raise BadValue("setting database", "must be a postgresql:// URL with a database name",
                       "write postgresql://user:password@host:5432/tocsin, or leave it empty for SQLite")  # fmt: skip
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": options.pop("port", None) or str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _keys() -> list[dataclasses.Field[Any]]:
    return [key for key in dataclasses.fields(Configuration) if key.name != "home"]


def _from_toml(home: Home) -> dict[str, Any]:
    try:
        text = home.toml.read_bytes().decode()
        values = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadForm(str(home.toml), f"is not TOML ({error})", "correct that place, or remove the file") from error
    known = {key.name: key for key in _keys()}
    for name in values:
        if name not in known:
            raise _unknown(f"key {name!r} in {home.toml}", name, known)
    return {name: _typed(known[name], value, f"{name} in {home.toml}") for name, value in values.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {"TOCSIN_" + key.name.upper(): key for key in _keys()}
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if name in known:
            values[known[name].name] = _from_text(known[name], text, f"environment variable {name}")
        elif name.startswith("TOCSIN_") and difflib.get_close_matches(name, known, n=1, cutoff=0.85):
            raise _unknown(f"environment variable {name}", name, known)
    return values


def _unknown(thing: str, name: str, known: Mapping[str, Any]) -> UnknownName:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(sorted(known))
    return UnknownName(thing, "no such setting", remedy)


def _from_text(key: dataclasses.Field[Any], text: str, thing: str) -> Any:
    kind = str(key.type)
    if kind.startswith("tuple"):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind.startswith("bool"):
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if text.lower() not in words:
            raise BadValue(thing, f"must be true or false, got {text!r}", "write true or false")
        return words[text.lower()]
    if kind == "int":
        try:
            return int(text)
        except ValueError:
            raise BadValue(thing, f"must be a whole number, got {text!r}", "write digits only") from None
    return text


def _typed(key: dataclasses.Field[Any], value: Any, thing: str) -> Any:
    kind = str(key.type)
    if kind.startswith("tuple") and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    right = {"str": str, "int": int, "bool": bool, "bool | None": bool}.get(kind)
    if right is None or type(value) is not right:
        wanted = (
            "a list of texts"
            if right is None
            else {"str": "a text", "int": "a whole number"}.get(kind, "true or false")
        )
        raise BadValue(thing, f"must be {wanted}, got {value!r}", f"write {wanted}")
    return value


def _check(configuration: Configuration) -> None:
    if configuration.database:
        postgresql_settings(configuration.database)
    if configuration.smtp:
        SmtpServer.of(configuration.smtp)
    sender_address(configuration.mail_from)
    _check_channels(configuration)
    host, colon, port = configuration.listen.rpartition(":")
    if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
        raise BadValue("setting listen", f"must be address:port, got {configuration.listen!r}", "write 127.0.0.1:8000")
    _one_of("language", configuration.language, LANGUAGES)
    _one_of("clock", configuration.clock, ("wall", "driven"))
    _one_of("log_level", configuration.log_level, LOG_LEVELS)
    _one_of("signing", configuration.signing, ("session", "passkey"))
    for means in configuration.small_office:
        _one_of("small_office", means, ("mutual_aid", "presigned"))
    for name, least in (
        ("proxies", 0),
        ("login_failures", 1),
        ("login_pause_s", 1),
        ("free_space_floor_mb", 0),
        ("heartbeat_every_s", 1),
    ):
        if getattr(configuration, name) < least:
            raise BadValue(f"setting {name}", f"must be at least {least}", f"write {least} or more")
    if configuration.max_body_bytes < 1:
        raise BadValue("setting max_body_bytes", "must be at least 1", "write 67108864 for 64 MiB")
    try:
        ZoneInfo(configuration.time_zone)
    except (ValueError, KeyError, OSError):
        raise BadValue(
            "setting time_zone", f"{configuration.time_zone!r} is no IANA zone", "write Asia/Shanghai"
        ) from None
    if configuration.debug and not _is_loopback(configuration.host):
        raise BadValue("setting debug", "shows secrets in error pages, so only on loopback", "set debug = false")


def _check_channels(configuration: Configuration) -> None:
    guard = Guard(configuration.outward_inside)
    for kind in ("sms", "voice"):
        if url := getattr(configuration, f"{kind}_gateway"):
            guard.require_url(url)
            GatewayRequest(url, getattr(configuration, f"{kind}_request"), getattr(configuration, f"{kind}_header"))
        if receipt := getattr(configuration, f"{kind}_receipt"):
            ReceiptForm.of(receipt, f"setting {kind}_receipt")
    if configuration.release_gateway:
        guard.require_url(configuration.release_gateway)
        Platform(configuration.release_gateway, configuration.release_header, configuration.release_receipt)
    limits_of(configuration.throttles)
    if configuration.smpp:
        Smsc.of(configuration.smpp, configuration.smpp_from, inside=configuration.outward_inside)
        if configuration.sms_gateway:
            raise BadValue("settings smpp and sms_gateway", "both are set", "set the one that sends short messages")
    if not 0 <= configuration.test_day <= 28:
        raise BadValue("setting test_day", "must be 0 to 28", "write 1 for the first of each month, 0 for never")
    if configuration.heartbeat_url:
        guard.require_url(configuration.heartbeat_url)
    if configuration.mqtt:
        Broker.of(configuration.mqtt, inside=configuration.outward_inside)
    if configuration.websub_hub:
        guard.require_url(configuration.websub_hub)
    if bool(configuration.cap_key) != bool(configuration.cap_certificate):
        raise BadValue("settings cap_key and cap_certificate", "one of them is empty", "set both, or neither")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadValue(f"setting {name}", f"must be one of {', '.join(allowed)}, got {value!r}", f"write {allowed[0]}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
