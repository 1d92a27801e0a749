"""Documentation fails the build: every command, setting, pack key and API operation is written down, every link leads
somewhere."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tocsin.app.cli import COMMANDS, main
from tocsin.app.configuration import Configuration

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of the command line with its full name: ``sources token``."""
    with click.Context(main) as ctx:
        for name in COMMANDS:
            command = main.get_command(ctx, name)
            assert command is not None
            yield name, command
            if isinstance(command, click.Group):
                for inner in command.list_commands(ctx):
                    below = command.get_command(ctx, inner)
                    assert below is not None
                    yield f"{name} {inner}", below


def test_every_command_and_option_is_in_operate():
    text = text_of("operate.md")
    for name, command in commands():
        assert f"`tocsin {name}" in text, f"docs/operate.md does not name `tocsin {name}`"
        section = text.partition(f"`tocsin {name.split()[0]}")[2]
        for parameter in command.params:
            option = max(parameter.opts, key=len)
            if option.startswith("--") and option not in ("--help", "--json"):
                assert option in section, f"docs/operate.md does not name {option} of `tocsin {name}`"


def test_every_command_says_what_it_does():
    for name, command in commands():
        assert (command.help or "").strip(), f"`tocsin {name}` has no help"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"`tocsin {name}` {parameter.opts} has no help"


def test_every_setting_is_in_install():
    text = text_of("install.md")
    for key in dataclasses.fields(Configuration):
        if key.name != "home":
            assert f"`{key.name}`" in text, f"docs/install.md does not name the setting {key.name}"
            assert key.metadata["meaning"]


def pack_keys() -> set[str]:
    """Every key that a reader of packkit knows: its ``..._KEYS`` tuples and the lists given to ``known``."""
    keys: set[str] = set()
    for path in (ROOT / "src/tocsin/packkit").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Assign) and any(getattr(t, "id", "").endswith("_KEYS") for t in node.targets)
            known = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "known"
            if named or known:
                values = ast.walk(node.value if isinstance(node, ast.Assign) else node)
                keys.update(
                    leaf.value for leaf in values if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                )
    from tocsin.engine.language.parse import RULE_KEYS

    return keys | set(RULE_KEYS)


def test_every_pack_key_is_in_packs():
    keys = pack_keys()
    assert len(keys) > 20
    text = text_of("packs.md")
    missing = sorted(key for key in keys if not re.search(rf"`{re.escape(key)}\b", text))
    assert not missing, f"docs/packs.md does not name {', '.join(missing)}"


def test_every_api_operation_is_in_api():
    from tocsin.doors.api.operations import api

    text = text_of("api.md")
    schema = api.get_openapi_schema()
    verbs = {"get", "post", "put", "delete"}
    operations = [(verb.upper(), path) for path, methods in schema["paths"].items() for verb in verbs & set(methods)]
    assert operations
    for method, path in operations:
        assert re.search(rf"`{method} {re.escape(path)}[`?]", text), f"docs/api.md does not name {method} {path}"
    assert "`POST /api/v1/observations`" in text


MARKDOWN = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}, which is not there"


def test_decision_records_are_numbered_and_short():
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {int(path.name[:4])}\. ", text), f"{path.name}: the title begins with its number"
        assert "Status:" in text
        assert len(text.splitlines()) <= 60, f"{path.name}: one screen"


def test_the_two_commands_of_the_readme_exist():
    readme, makefile = (ROOT / "README.md").read_text(encoding="utf-8"), (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", readme, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), f"README names `make {target}`"
