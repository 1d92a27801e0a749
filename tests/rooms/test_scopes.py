"""Every query takes a scope and uses it; the few that take none are listed here with the reason, and so are the doors that
call them. A new query without scope fails this test, and so does a listed one that is gone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tocsin

ROOT = Path(tocsin.__file__).parent

CHAIN = "a chain is of one thing; the room that shows it has asked for that thing with a scope"
NUMBER = "a number of the whole deployment that names nothing"
SELF = "about who asks, found by what only they hold"
WIRING = "for rooms and wiring, which act for the product"

WITHOUT_SCOPE: dict[str, str] = {
    "detect.mark": NUMBER, "detect.consumed_seq": NUMBER, "detect.newest_cursor": NUMBER,
    "detect.still_silent": WIRING, "detect.areas": WIRING,
    "detect.verify_batches": "compares digests for `tocsin ledger verify`",
    "detect.verify_batches_of": "compares digests of changes that were read with a scope",
    "observe.load_catalogue": "the engine's own list; doors pick from it by scope (register, refused_rows)",
    "observe.catalogue_version": NUMBER, "observe.catalogue_seq": NUMBER,
    "observe.source_for_token": SELF, "observe.tokens": "for the command line: when tokens were issued, never the tokens",
    "observe.place_title": "what a feature is called, of an event that was read with a scope",
    "observe.are_synthetic": "one bit about an event that the room has in hand: is it an exercise",
    "observe.jurisdictions_of": "says where things lie, so that they can be scoped",
    "ledger.chain": CHAIN, "ledger.chains": CHAIN, "ledger.entries_by": CHAIN, "ledger.verify_chain": CHAIN,
    "ledger.chain_state": CHAIN, "ledger.lines": "bodies hold ids and digests only; evaluate counts them by scope",
    "ledger.subjects": "ids only; the ledger's page is for auditors", "ledger.newest_order": NUMBER,
    "ledger.orders_after": NUMBER, "ledger.newest_root": "published to everybody", "ledger.roots": "published to everybody",
    "ledger.roots_after": "published to everybody",
    "ledger.root": "published to everybody", "ledger.extent": NUMBER, "ledger.verify": "names breaches, never contents",
    "outbox.waiting": NUMBER, "dispatch.undelivered": NUMBER, "dispatch.undelivered_by_channel": NUMBER,
    "dispatch.deliveries": "of one thing, which the room that shows it has asked for with a scope",
    "dispatch.outcomes": "of one thing, which the room that shows it has asked for with a scope",
    "dispatch.told_about": "of one thing, which the room that shows it has asked for with a scope",
    "callout.areas_without_warden": "for the command line",
    "release.waits_for": "one identifier of an issued warning; issued warnings are public",
    "org.post": "titles of posts stand in every handover", "org.account_named": "for the command line",
    "places.local_time": "a zone is no secret",
    "org.with_one_time_password": "for `tocsin doctor`", "org.holders": WIRING, "org.on_duty": WIRING,
    "org.posts_of": SELF, "org.actor_of": SELF,
    "respond.declared_for": "reads packs, no rows", "respond.because": "words of a line that was read with a scope",
    "respond.tasks_for": "takes the actor: the tasks of one's own post", "respond.is_task_of_response": WIRING,
    "evaluate.by_department": "adds up a figure that was computed with a scope",
    "evaluate.by_role": "adds up a figure that was computed with a scope",
    "evaluate.lines_of": "takes the jurisdiction of a scope",
    "review.subjects_of": CHAIN,
    "warn.may_sign": "takes the actor", "warn.to_sign": "takes the actor, and asks with its scope",
    "warn.alerts_mark": "how many messages are public, and the newest's identifier",
    "audience.subscribers_reached": "a count, none under five", "audience.targets_reached": "a count",
    "cases.file_of_code": "by the requester's own receipt code, which is the permission",
    "drafts.draft": SELF, "drafts.drafts": SELF,
    "dispatch.newest_about": "an identifier, for the monthly test of channels",
    "escalation.chains": "declared data: names posts, no case", "roster.rotations": "declared data: names posts, no case",
    "org.held_spans": "from when until when a post is held, by nobody's name",
    "org.open_accounts": "log-in names of staff, for what is declared of them",
    "org.posts_touched": WIRING, "roster.gap_is_open": "one bit", "roster.has_calendar": "takes whose it is: one's own",
    "roster.newest_hand_over": "takes the post; its page gives it to who holds that post",
    "roster.owner_of": "by the secret address, which is the permission",
    "warn.alert": "issued warnings are public", "warn.alerts": "issued warnings are public",
    "cases.case_file_for": "takes the actor", "cases.picture": "takes the actor", "cases.opened_key": "takes the actor",
    "files.files_for": "takes the actor", "files.content": "takes the actor",
}  # fmt: skip

# what doors may call without a scope; everything else of the list above is for rooms, wiring and commands
FROM_DOORS: dict[str, str] = {
    "drafts.draft": SELF, "drafts.drafts": SELF,
    "detect.consumed_seq": NUMBER, "detect.newest_cursor": NUMBER, "detect.mark": NUMBER,
    "observe.load_catalogue": "register and API pick from it by scope", "observe.catalogue_version": NUMBER,
    "observe.catalogue_seq": NUMBER, "observe.source_for_token": SELF, "observe.place_title": "after the event was read",
    "org.posts_of": SELF, "org.actor_of": SELF, "org.post": "titles of posts stand in every handover",
    "outbox.waiting": NUMBER, "dispatch.undelivered": NUMBER, "dispatch.undelivered_by_channel": NUMBER,
    "dispatch.told_about": "of a case that was read with the scope",
    "ledger.chain": "of an event read with a scope (timeline), or after `may_see` (the auditor's page)",
    "ledger.chain_state": "after `may_see`", "ledger.subjects": "the auditor's page picks by `visible_subjects`",
    "ledger.extent": NUMBER, "ledger.newest_order": NUMBER,
    "ledger.orders_after": "ids of events, which are then read with the scope",
    "ledger.verify": "names breaches, never contents; for auditors", "detect.verify_batches": "the same",
    "ledger.newest_root": "published", "ledger.root": "published", "ledger.roots": "published",
    "ledger.roots_after": "published", "places.local_time": "a zone is no secret",
    "warn.alert": "public", "warn.alerts": "public", "release.waits_for": "an identifier of what is public",
    "warn.may_sign": "takes the actor", "warn.to_sign": "takes the actor",
    "warn.alerts_mark": "public", "cases.file_of_code": "by the requester's own receipt code",
    "cases.case_file_for": "takes the actor", "cases.picture": "takes the actor", "files.files_for": "takes the actor",
    "files.content": "takes the actor",
    "org.open_accounts": "names of who holds the posts of a scope", "roster.has_calendar": "one's own",
    "roster.newest_hand_over": "of the actor's own post", "roster.owner_of": "by the secret address",
    "roster.rotations": "which posts have one, for who declares them", "respond.tasks_for": "takes the actor",
    "respond.declared_for": "reads packs", "respond.because": "words", "evaluate.by_department": "adds up",
    "evaluate.by_role": "adds up",
}  # fmt: skip


def queries() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted([*ROOT.glob("loop/*/queries.py"), *ROOT.glob("records/*/queries.py")]):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{path.parent.name}.{node.name}", node


def first_parameter(node: ast.FunctionDef) -> str:
    parameters = [*node.args.posonlyargs, *node.args.args]
    return parameters[0].arg if parameters else ""


def test_every_query_takes_a_scope() -> None:
    without = {name for name, node in queries() if first_parameter(node) != "scope"}
    assert sorted(without - WITHOUT_SCOPE.keys()) == [], "give it a scope, or list it above with the reason"
    assert sorted(WITHOUT_SCOPE.keys() - without) == [], "these take a scope now, or are gone: strike them out"


def test_every_scope_is_used() -> None:
    idle = [
        name
        for name, node in queries()
        if first_parameter(node) == "scope"
        and not any(isinstance(part, ast.Name) and part.id == "scope" for part in ast.walk(ast.Module(node.body, [])))
    ]
    assert idle == []


def test_doors_ask_with_a_scope() -> None:
    asked: dict[str, set[str]] = {}
    for path in ROOT.glob("doors/**/*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        rooms = {
            alias.asname or alias.name: (node.module or "").rpartition(".")[2]
            for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
            for alias in node.names if alias.name == "queries"
        }  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rooms:
                name = f"{rooms[node.value.id]}.{node.attr}"
                if name in WITHOUT_SCOPE:
                    asked.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    assert [
        f"{name} in {path}" for name, paths in asked.items() if name not in FROM_DOORS for path in sorted(paths)
    ] == []


def test_the_test_sees_a_query_without_scope() -> None:
    """Negative control."""
    assert first_parameter(ast.parse("def rows(kind, scope): ...").body[0]) != "scope"  # type: ignore[arg-type]
    assert len(list(queries())) > 40
