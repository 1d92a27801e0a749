"""A rules.toml in canonical form: the same rules, the same comments, one way of setting them.

Keys in the order of docs/packs.md, levels from the lowest to the highest, one space around ``=``, one blank line between rules,
conditions as ``engine.language.tidy`` sets them. What a condition's author chose (units, digits, parentheses) is not touched.
Before anything is given back it is read again and compared: the same data, every condition word for word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Array, Comment, InlineTable, Item, Key, String, Table, Whitespace

from tocsin.engine.language.parse import RULE_KEYS
from tocsin.engine.language.tidy import tidy_clear, tidy_condition, tidy_hold
from tocsin.formats.toml import BadToml, read_toml
from tocsin.terms.errors import BadRule

__all__ = ["RULE_ORDER", "tidy_rules"]

_FIRST, _LAST = ("id", "version", "hazard", "quality"), ("title", "why")
RULE_ORDER = (
    *_FIRST,
    *(key for key in RULE_KEYS if key not in _FIRST + _LAST),
    "valid_from",
    "valid_to",
    "note",
    *_LAST,
)
_LONGEST_LINE = 120
Path = tuple[str, ...]


def tidy_rules(data: bytes, name: str = "rules.toml", levels: Sequence[str] = ()) -> str:
    """The text of a rules.toml in canonical form. ``levels``: codes of the scheme, the lowest first. Raises BadToml for what is
    no TOML; a condition that cannot be read stays as it is (`rules check` says what is wrong with it)."""
    before, text = read_toml(data, name)
    made = _Setter(levels).document(tomlkit.parse(text))
    if _meaning(read_toml(made.encode(), name)[0]) != _meaning(before):
        raise BadToml(
            name, "it cannot be set anew without changing its meaning", "leave it as it is and report this file"
        )
    return made


class _Setter:
    def __init__(self, levels: Sequence[str]) -> None:
        self.levels = list(levels)

    def document(self, document: tomlkit.TOMLDocument) -> str:
        blocks: list[str] = []
        loose: list[str] = []  # lines outside rules
        for key, item in document.body:
            if isinstance(item, AoT):
                blocks += _joined(loose)
                loose = []
                for table in item.body:
                    blocks.append(self.table(f"[[{key.as_string().strip() if key else ''}]]", table))
            elif isinstance(item, Table) and not _dotted(key):
                blocks += _joined(loose)
                loose = []
                blocks.append(self.table(f"[{key.as_string().strip() if key else ''}]", item))
            else:
                loose += self.lines((), key, item)
        return _paragraphs([*blocks, *_joined(loose)])

    def table(self, header: str, table: Table) -> str:
        """A header with its keys in order, the comments of each above it; what follows the last key stays behind it."""
        entries: list[tuple[tuple[int, int], list[str]]] = []
        waiting: list[str] = []
        inner: list[str] = []
        for key, item in table.value.body:
            if isinstance(item, Comment | Whitespace):
                waiting += self.lines((), key, item)
            elif isinstance(item, Table | AoT) and not _dotted(key) and key is not None:
                inner += [*_joined(waiting), *self._inner(header.strip("[]"), key, item)]
                waiting = []
            else:
                comments = [line for line in waiting if line]
                for path, leaf_key, leaf in _leaves(key, item):
                    entries.append((self._order(path), [*comments, *self.lines(path, leaf_key, leaf)]))
                    comments = []
                waiting = []
        entries.sort(key=lambda entry: entry[0])
        comment = f"{table.trivia.comment_ws and '  '}{table.trivia.comment}" if table.trivia.comment else ""
        head = [header + comment, *(line for _, lines in entries for line in lines)]
        return "\n".join(["\n".join(head), *(f"\n{part}" for part in inner), *_after(waiting)])

    def _inner(self, above: str, key: Key, item: Table | AoT) -> list[str]:
        name = f"{above}.{key.as_string().strip()}"
        if isinstance(item, AoT):
            return [self.table(f"[[{name}]]", table) for table in item.body]
        if item.is_super_table():
            return [part for inner_key, inner in item.value.body if inner_key is not None and isinstance(inner, Table | AoT)
                    for part in self._inner(name, inner_key, inner)]  # fmt: skip
        return [self.table(f"[{name}]", item)]

    def _order(self, path: Path) -> tuple[int, int]:
        first = RULE_ORDER.index(path[0]) if path and path[0] in RULE_ORDER else len(RULE_ORDER)
        level = path[-1] if len(path) > 1 else ""
        return first, self.levels.index(level) if level in self.levels else len(self.levels)

    def lines(self, path: Path, key: Key | None, item: Item) -> list[str]:
        """A statement, a comment or a blank line."""
        if isinstance(item, Whitespace):
            return [""] * max(0, item.s.count("\n"))
        if isinstance(item, Comment):
            return [item.as_string().strip()]
        path = path or _path(key)
        comment = f"  {item.trivia.comment}" if item.trivia.comment else ""
        return [f"{'.'.join(_bare(part) for part in path)} = {self.value(path, item)}{comment}"]

    def value(self, path: Path, item: Item) -> str:
        """A value: a condition set anew, lists and inline tables with one space, anything else as it was written."""
        if isinstance(item, String):
            return self._text(path, item)
        if isinstance(item, InlineTable):
            pairs = [f"{_bare(key.key)} = {self.value((*path, key.key), inner)}" for key, inner in item.value.body
                     if key is not None]  # fmt: skip
            return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
        if isinstance(item, Array):
            written = item.as_string()
            if "\n" in written or "#" in written:
                return written
            return "[" + ", ".join(self.value(path, inner) for inner in item) + "]"
        return str(item.as_string())

    def _text(self, path: Path, item: String) -> str:
        how = _setter_of(path)
        written = str(item.as_string())
        if how is None:
            return written
        try:
            made = how(str(item))
        except BadRule:
            return written
        return written if made == str(item) else _quoted(made)


def _setter_of(path: Path) -> Callable[[str], str] | None:
    """How the text at a key of a rule is set, None where it is no condition and no hold."""
    if path[0] == "level" and len(path) == 2:
        return tidy_condition
    if path == ("clear",):
        return tidy_clear
    if path[0] == "hold" or path == ("clear_after",):
        return tidy_hold
    return None


def _leaves(key: Key | None, item: Item) -> Iterator[tuple[Path, Key | None, Item]]:
    """The statement of a key, or those of a dotted one."""
    if not _dotted(key) or not isinstance(item, Table):
        yield _path(key), key, item
        return
    stack: list[tuple[Path, Container]] = [(_path(key), item.value)]
    while stack:
        path, container = stack.pop()
        for inner_key, inner in container.body:
            if inner_key is None:
                continue
            if isinstance(inner, Table) and inner_key.is_dotted():
                stack.append(((*path, inner_key.key), inner.value))
            else:
                yield (*path, inner_key.key), inner_key, inner


def _dotted(key: Key | None) -> bool:
    return key is not None and key.is_dotted()


def _path(key: Key | None) -> Path:
    return (key.key,) if key is not None else ()


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else tomlkit.item(key).as_string()


def _quoted(text: str) -> str:
    if "\n" in text:
        return (
            f'"""\n{text}"""'
            if '"""' not in text and "\\" not in text
            else tomlkit.string(text, multiline=True).as_string()
        )
    return f"'{text}'" if '"' in text and "'" not in text else tomlkit.string(text).as_string()


def _joined(lines: list[str]) -> list[str]:
    """Paragraphs of loose lines: a comment that touches what follows stays with it."""
    text = "\n".join(lines).strip("\n")
    return [text + ("\0" if lines[-1].startswith("#") else "")] if text else []


def _after(waiting: list[str]) -> list[str]:
    return ["", *_joined(waiting)] if any(waiting) else []


def _paragraphs(blocks: list[str]) -> str:
    """Blocks with one blank line between them, none where a comment touches its rule."""
    text = "\n\n".join(block.strip("\n") for block in blocks if block.strip("\n\0"))
    text = re.sub("\0\n+", "\n", text).replace("\0", "")
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n" if text else ""


# ---------------------------------------------------------------- the same meaning
def _meaning(document: Mapping[str, Any]) -> Any:
    """The data, conditions and holds in canonical form, so that two texts of the same rules are equal."""
    rules = document.get("rule")
    if not isinstance(rules, list):
        return document
    return {**document, "rule": [_rule_meaning((), rule) for rule in rules]}


def _rule_meaning(path: Path, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rule_meaning((*path, key), inner) for key, inner in value.items()}
    how = _setter_of(path) if path and isinstance(value, str) else None
    if how is None:
        return value
    try:
        return how(value)
    except BadRule:
        return value
