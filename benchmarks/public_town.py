"""Fill a TOCSIN_HOME (and the database that TOCSIN_DATABASE names) with a town in whose name warnings were issued, and publish.

    TOCSIN_HOME=DIR python benchmarks/public_town.py [--in-force 3] [--past 40]

Prints the identifiers of what is in force, one a line. Used by the benchmark of publication and by its test with the
database down.
"""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime, timedelta
from typing import Any


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--in-force", type=int, default=3)
    options.add_argument("--past", type=int, default=40)
    chosen = options.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.app.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    print("\n".join(publish(chosen.in_force, chosen.past)))


def publish(in_force: int, past: int) -> list[str]:
    """``past`` messages that were cancelled, then ``in_force`` ones that hold for six hours; the identifiers of the latter."""
    from tocsin.doors.portal.files import published_folder
    from tocsin.doors.portal.publisher import Publisher
    from tocsin.loop.warn import services
    from tocsin.loop.warn.authority import AuthorityLine
    from tocsin.records.org.actor import SYSTEM
    from tocsin.testing.town import CITY, Town

    folder = published_folder()  # of the real home: the town has one of its own, and a clock
    folder.mkdir(parents=True, exist_ok=True)
    town = Town(start=datetime.now(UTC) - timedelta(minutes=1))
    town.__enter__()
    try:
        table = (AuthorityLine("emergency", "*", CITY, 1, 4, "benchmark: the emergency office of Simcity"),)
        services.put_authority(table, actor=SYSTEM, now=town.now)
        for _ in range(past // 2):
            first = _signed(town, _drafted(town))
            _signed(town, services.draft_cancel(first, actor=town.as_("duty"), now=town.now))
        held = [_signed(town, _drafted(town)) for _ in range(in_force)]
        Publisher(folder).look(town.now)
    finally:
        town._settings.disable()  # nobody reads the telephones of this town
    return held


def _drafted(town: Any) -> str:
    from tocsin.loop.warn import services

    return services.draft(town.storm(level=3).event, exercise=False, actor=town.as_("duty"), now=town.now)


def _signed(town: Any, warning: str) -> str:
    from tocsin.loop.warn import queries, services

    duty, signer = town.as_("duty"), town.as_("signer")
    services.submit(warning, version=queries.warning(duty.scope, warning).version, actor=duty, now=town.now)
    line = queries.warning(duty.scope, warning)
    return services.sign(warning, version=line.version, digest=line.content.digest, actor=signer, now=town.now)


if __name__ == "__main__":
    main()
