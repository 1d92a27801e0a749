"""Play the day of Zhengzhou twice and print its table:

python -m tests.stories.print_zhengzhou FACTS.yaml [even|early|late]
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path


def main(facts: Path, spread: str) -> None:
    """Print it; the databases are thrown away."""
    home = tempfile.mkdtemp(prefix="tocsin-zhengzhou-")
    os.environ |= {"TOCSIN_HOME": home, "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from django.test.utils import setup_test_environment

    from tests.stories import zhengzhou, zhengzhou_table, zhengzhou_town
    from tests.stories.zhengzhou_facts import read_facts

    setup_test_environment()
    call_command("migrate", verbosity=0)
    recorded, runs = read_facts(facts), []
    for play in (zhengzhou.as_recorded, zhengzhou.as_shown):
        with transaction.atomic():
            runs.append(play(recorded, spread))
            transaction.set_rollback(True)
    say = sys.stdout.write
    for line in zhengzhou_table.table(recorded, *runs):
        say(f"{line}\n")
    for part in (zhengzhou_table.leads(recorded, runs[1]), *(zhengzhou_table.villages(run) for run in runs)):
        say("\n")
        for line in part:
            say(f"{line}\n")
    say("\non the gauge's own rain alone, no signal heard:\n")
    for name in zhengzhou_town.SPREADS:
        for (rule, rank), at in sorted(zhengzhou_town.gauge_alone(recorded, name).items(), key=lambda one: one[1]):
            say(f"{name:6} {zhengzhou.civil(at)} {rule} at level {rank}\n")
    say(f"left out, since nobody has read them: {', '.join(recorded.left_out)}\n")
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "even")
