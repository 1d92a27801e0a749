"""TOCSIN_HOME: where one deployment keeps its state. Every directory is readable by its owner only.

log/         segments of the log            snapshots/   states of the engine
quarantine/  refused rows                   packs/<sha>/ packs as they were when in force
parquet/     the log rolled by day          run/         sockets and lock files
blobs/       photographs and documents       published/   warnings as issued, for readers
db.sqlite3   the embedded database          secret_key   signs cookies and tokens; never leaves this machine
tocsin.toml  settings (optional)                 webhook_keys, vapid_key   sign webhooks and Web Push
contact_keys  seals the contacts of subscribers  node         a name of its own among others on one database
seal_keys     wraps the keys of sealed cases     destroyed    what was destroyed, so that a restored backup loses it again
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tocsin.terms.errors import Unavailable

__all__ = ["Home"]

_DIRECTORIES = ("log", "quarantine", "parquet", "snapshots", "packs", "run", "blobs", "published")


@dataclass(frozen=True, slots=True)
class Home:
    """The layout of one TOCSIN_HOME. Nothing is created by naming it; ``prepare`` creates."""

    root: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Home:
        """TOCSIN_HOME, else ``tocsin`` under XDG_DATA_HOME, else ``~/.local/share/tocsin``."""
        if named := environment.get("TOCSIN_HOME"):
            return cls(Path(named).expanduser().absolute())
        data = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
        return cls(Path(data).absolute() / "tocsin")

    @property
    def log(self) -> Path:
        """Segments of the log."""
        return self.root / "log"

    @property
    def quarantine(self) -> Path:
        """Refused rows."""
        return self.root / "quarantine"

    @property
    def parquet(self) -> Path:
        """The log rolled by day."""
        return self.root / "parquet"

    @property
    def snapshots(self) -> Path:
        """States of the engine."""
        return self.root / "snapshots"

    @property
    def packs(self) -> Path:
        """Packs by sha."""
        return self.root / "packs"

    @property
    def run(self) -> Path:
        """Sockets and lock files."""
        return self.root / "run"

    @property
    def blobs(self) -> Path:
        """Photographs and documents, named by the SHA-256 of their bytes."""
        return self.root / "blobs"

    @property
    def published(self) -> Path:
        """Alerts, feed and pages of warnings as they were issued."""
        return self.root / "published"

    @property
    def backups(self) -> Path:
        """Copies of the embedded database that were made before migrations."""
        return self.root / "backups"

    @property
    def engine_socket(self) -> Path:
        """Where doors hand over to the engine."""
        return self.root / "run" / "engine.sock"

    @property
    def resting_channels(self) -> Path:
        """How many targets of each channel the worker leaves alone now."""
        return self.root / "run" / "resting.json"

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.root / "db.sqlite3"

    @property
    def toml(self) -> Path:
        """Settings."""
        return self.root / "tocsin.toml"

    @property
    def secret_key_file(self) -> Path:
        """What signs cookies."""
        return self.root / "secret_key"

    def prepare(self) -> Home:
        """Create what is missing, mode 0700. Raises Unavailable where the file system refuses."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in _DIRECTORIES:
                (self.root / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"TOCSIN_HOME {self.root}", f"cannot be created ({error.strerror})",
                              "set TOCSIN_HOME to a directory that this account may write") from error  # fmt: skip
        return self

    def secret_key(self) -> str:
        """The deployment's secret, 384 random bits; made on first use with mode 0600."""
        return self._secret("secret_key", lambda: secrets.token_urlsafe(48)).strip()

    def webhook_keys(self) -> list[bytes]:
        """Keys that sign webhooks, the newest first: one a line, made on first use. To change keys, put a new line on top
        and take the old one away once every target knows the new secret."""
        text = self._secret("webhook_keys", lambda: secrets.token_urlsafe(48))
        return [line.encode() for line in text.split() if line]

    def contact_keys(self) -> list[bytes]:
        """Keys that seal the contacts of subscribers, the newest first: one a line, made on first use."""
        return self._lines("contact_keys")

    def seal_keys(self) -> list[bytes]:
        """Keys that wrap the data keys of sealed cases and vaults, the newest first: one a line, made on first use.
        Raises Unavailable where they are kept elsewhere (``seal_keys`` is a link) and are not there now."""
        kept = self.root / "seal_keys"
        if kept.is_symlink() and not kept.exists():
            raise Unavailable(
                "seal keys", "the file that seal_keys leads to is not there", "mount the volume that holds it"
            )
        return self._lines("seal_keys")

    def add_seal_key(self) -> None:
        """A new line on top of ``seal_keys``; readers see the old file or the new one, never half of it."""
        lines = [line.decode() for line in self.seal_keys()]
        self._replace("seal_keys", [secrets.token_urlsafe(48), *lines])

    def keep_seal_keys(self, most: int) -> None:
        """Keep only so many of the newest lines; what only the others opened is unreadable for good."""
        lines = [line.decode() for line in self.seal_keys()]
        if len(lines) > most:
            old = (self.root / "seal_keys").resolve()
            with old.open("r+b") as file:  # held open: its bytes are written over once the name belongs to the new one
                self._replace("seal_keys", lines[:most])
                file.write(bytes(os.fstat(file.fileno()).st_size))
                file.flush()
                os.fsync(file.fileno())

    def note_destroyed(self, subject: str, at_us: int) -> None:
        """Remember beside the database what was destroyed; on the disk when this returns."""
        handle = os.open(self.root / "destroyed", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{at_us} {subject}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def destroyed(self) -> dict[str, int]:
        """What was destroyed, by subject: when, in microseconds."""
        try:
            text = (self.root / "destroyed").read_text()
        except FileNotFoundError:
            return {}
        return {
            subject: int(at)
            for at, _space, subject in (line.partition(" ") for line in text.splitlines())
            if at.isdigit()
        }

    def vapid_key(self, make: Callable[[], str]) -> str:
        """The key that signs Web Push, PEM; ``make`` gives one on first use."""
        return self._secret("vapid_key", make)

    def node(self) -> str:
        """What this home is called among others that work on the same database; random, made on first use."""
        return self._secret("node", lambda: secrets.token_hex(8)).strip()

    def _lines(self, name: str) -> list[bytes]:
        return [line.encode() for line in self._secret(name, lambda: secrets.token_urlsafe(48)).split() if line]

    def _replace(self, name: str, lines: list[str]) -> None:
        kept = (self.root / name).resolve()  # it may be a link to where keys are kept apart
        draft = kept.with_name(f"{kept.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(kept)

    def _secret(self, name: str, make: Callable[[], str]) -> str:
        """A secret kept in a file of its own, mode 0600. Two processes that start together agree: the file is made under
        another name and linked into place once."""
        kept = self.root / name
        try:
            return kept.read_text()
        except FileNotFoundError:
            self.prepare()
        draft = self.root / f"{name}.{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_text(make().rstrip("\n") + "\n")
        try:
            os.link(draft, kept)
        except FileExistsError:
            pass  # the other process was first; its key is the key
        finally:
            draft.unlink()
        return kept.read_text()
