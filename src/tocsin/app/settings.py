"""Django's settings, made from our Configuration. Importing this writes nothing to disk."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

import tocsin
from tocsin.app import configuration as _configuration
from tocsin.app.home import Home

CONFIGURATION = _configuration.load(Home.of(os.environ), os.environ)
HOME = CONFIGURATION.home

SECRET_KEY = lazy(HOME.secret_key, str)()  # made on first use, so that reading settings leaves no trace
DEBUG = CONFIGURATION.debug
ALLOWED_HOSTS = list(CONFIGURATION.allowed_hosts)

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "tocsin.records.ledger",
    "tocsin.records.outbox",
    "tocsin.records.places",
    "tocsin.records.org",
    "tocsin.records.tasks",
    "tocsin.records.seal",
    "tocsin.records.cases",
    "tocsin.records.files",
    "tocsin.records.drafts",
    "tocsin.records.duties",
    "tocsin.records.risks",
    "tocsin.records.consultation",
    "tocsin.records.dispatch",
    "tocsin.records.audience",
    "tocsin.records.callout",
    "tocsin.records.release",
    "tocsin.records.escalation",
    "tocsin.records.roster",
    "tocsin.loop.observe",
    "tocsin.loop.observe.bulletins",
    "tocsin.loop.detect",
    "tocsin.loop.verify",
    "tocsin.loop.warn",
    "tocsin.loop.respond",
    "tocsin.loop.rectify",
    "tocsin.loop.review",
    "tocsin.loop.evaluate",
    "tocsin.doors.console",
    "tocsin.doors.portal",
    "tocsin.doors.field",
]

# axes' own middleware is not here: the log-in page itself says what a caller must do who tried too often (doors/login).
MIDDLEWARE = [
    "tocsin.app.compressed_pages.CompressedPages",
    "django.middleware.security.SecurityMiddleware",
    "tocsin.app.content_security.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "tocsin.app.urls"
ASGI_APPLICATION = "tocsin.app.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
            ]
        },
    }
]

_SQLITE: dict[str, Any] = {
    "ENGINE": "tocsin.app.sqlite_backend",
    "NAME": str(HOME.database),
    "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": "PRAGMA synchronous = FULL"},
    "TEST": {"NAME": str(HOME.root / "test.sqlite3")},
}
DATABASES = {
    "default": _configuration.postgresql_settings(CONFIGURATION.database) if CONFIGURATION.database else _SQLITE
}
AUTH_USER_MODEL = "org.Account"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = CONFIGURATION.time_zone
USE_I18N = True
LANGUAGE_CODE = CONFIGURATION.language
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [os.path.join(os.path.dirname(tocsin.__file__), "locale")]  # noqa: PTH118, PTH120 - Django wants str

STATIC_URL = "/static/"
STATIC_ROOT = str(HOME.root / "static")

# How often somebody may try to log in (doors/login_limits). Attempts are kept until they cool off, without passwords and
# names; log-ins that succeed are not kept at all: staff is not tracked.
AXES_HANDLER = "tocsin.doors.login_limits.LoginLimits"
AXES_FAILURE_LIMIT = CONFIGURATION.login_failures
AXES_COOLOFF_TIME = timedelta(seconds=CONFIGURATION.login_pause_s)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "tocsin.doors.client_address.client_address"
AXES_RESET_ON_SUCCESS = AXES_DISABLE_ACCESS_LOG = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = AXES_VERBOSE = AXES_ENABLE_ADMIN = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "carried"]
SILENCED_SYSTEM_CHECKS = ["axes.W002"]  # no middleware of axes: see MIDDLEWARE

# A session lasts one shift from the log-in on, however busy it is. Lax, not Strict: who follows the link in a mail is not
# asked to log in again, and a page that is open in another tab keeps its form's token; every write carries a token anyway.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "__Host-tocsin_session" if CONFIGURATION.cookies_are_secure else "tocsin_session"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "tocsin.doors.console.send_again.form_out_of_date"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = CONFIGURATION.cookies_are_secure
CSRF_TRUSTED_ORIGINS = list(CONFIGURATION.trusted_origins)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 365 * 86400 if CONFIGURATION.cookies_are_secure else 0
TOCSIN_PROXIES = CONFIGURATION.proxies  # tocsin.doors.client_address
if CONFIGURATION.proxies:  # only then: anybody may send this header, the proxy overwrites it
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The intake door reads its own bodies up to max_body_bytes; forms of pages are small.
DATA_UPLOAD_MAX_MEMORY_SIZE = CONFIGURATION.max_body_bytes
FILE_UPLOAD_HANDLERS = ["tocsin.doors.photographs.LimitedUpload"]

TOCSIN_DRIVEN_CLOCK = HOME.run / "clock" if CONFIGURATION.clock == "driven" else None  # tocsin.records.clock

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": CONFIGURATION.log_level.upper()},
}
