"""``__all__`` of every module is true: names exist, and no public class or function of the module is left out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tocsin"
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts and "management" not in path.parts
)


def exported(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            return list(ast.literal_eval(node.value))
    return None


def top_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(leaf.id for target in node.targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def public_definitions(tree: ast.Module) -> set[str]:
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_all_is_true(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed = exported(tree)
    if listed is None:
        return
    assert len(listed) == len(set(listed)), f"{path}: __all__ names something twice"
    assert set(listed) <= top_names(tree), f"{path}: __all__ names {set(listed) - top_names(tree)}, which is not there"


PURE = ("terms", "geo", "clocks", "formats", "measure", "engine", "packkit")


@pytest.mark.parametrize("path", [p for p in MODULES if p.relative_to(SOURCE).parts[0] in PURE and p.name != "__init__.py"],
                         ids=lambda path: str(path.relative_to(SOURCE)))  # fmt: skip
def test_pure_floors_export_every_public_definition(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed, public = exported(tree), public_definitions(tree)
    assert listed is not None or not public, f"{path}: no __all__"
    assert public <= set(listed or ()), f"{path}: {public - set(listed or ())} is public and not in __all__"


def test_every_module_says_what_it_is():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if text.strip() and path.name != "__init__.py":
            assert ast.get_docstring(ast.parse(text)), f"{path.relative_to(ROOT)} has no docstring"
