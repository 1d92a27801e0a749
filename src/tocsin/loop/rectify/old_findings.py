"""Findings of the old tables, moved into cases: state, answers, who made which move, running clocks, photographs, number and
owner. Works on the models as they were at this migration; of today's code only what is pure (packs, clocks)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from tocsin.clocks import due, read_calendar
from tocsin.packkit import Pack, find_pack, load_pack
from tocsin.packkit.kept import declared_texts

__all__ = ["backwards", "forwards"]

KIND = "rectification/finding"


def forwards(apps: Any, schema_editor: Any) -> None:
    """Each finding gets its case, in the order in which they were recorded."""
    rows = apps.get_model("rectify", "ArchivedFindingRow").objects.order_by("recorded_at", "id")
    if not rows.exists():
        return
    pack = load_pack(find_pack("rectification"))
    _declare(apps, pack)
    zones = dict(apps.get_model("places", "Jurisdiction").objects.values_list("path", "zone"))
    posts = list(apps.get_model("org", "Post").objects.filter(role="case_handler", closed_at=None).order_by("id"))
    for row in rows.iterator(chunk_size=200):
        zone = _zone(row.jurisdiction, zones)
        case = _case(apps, row, pack, zone, _owner(row, posts))
        _clocks(apps, row, case, pack, zone)
        _pictures(apps, row, case)
        _work(apps, row)
    for one, again in rows.exclude(found_again="").values_list("id", "found_again"):
        apps.get_model("cases", "CaseRow").objects.filter(id=again).update(parent=one)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Take the cases away again; refused where one was opened or moved since, which the old tables do not hold."""
    case_rows = apps.get_model("cases", "CaseRow").objects.filter(kind=KIND)
    old = dict(apps.get_model("rectify", "ArchivedFindingRow").objects.values_list("id", "version"))
    since = [case for case, version in case_rows.values_list("id", "version") if old.get(case) != version]
    if since:
        raise RuntimeError(
            f"{len(since)} findings changed since they became cases: restore the backup from before instead"
        )
    ids = list(case_rows.values_list("id", flat=True))
    for name in ("ClockRow", "DocumentRow", "HandRow"):
        apps.get_model("cases", name).objects.filter(case_id__in=ids).delete()
    case_rows.delete()


def _declare(apps: Any, pack: Pack) -> None:
    apps.get_model("cases", "DeclarationRow").objects.get_or_create(
        sha=pack.sha,
        defaults={"pack": pack.name, "version": pack.version, "texts": declared_texts(pack.path),
                  "kept_at": datetime.now(ZoneInfo("UTC"))},
    )  # fmt: skip


def _case(apps: Any, row: Any, pack: Pack, zone: str, owner: str) -> Any:
    over = row.state in ("closed", "withdrawn")
    moments = (row.recorded_at, row.ordered_at, row.planned_at, row.fixed_at, row.rechecked_at, row.closed_at,
               row.looked_back_at)  # fmt: skip
    case = apps.get_model("cases", "CaseRow").objects.create(
        id=row.id, number=_number(apps, row.recorded_at.astimezone(ZoneInfo(zone)).year), kind=KIND, declaration_id=pack.sha,
        state=row.state, version=row.version, owner=owner, jurisdiction=row.jurisdiction, facility=row.facility,
        event=row.event, values=_answers(row), makers=_makers(row), salt=row.salt, opened_at=row.recorded_at,
        opened_by=row.recorded_by, moved_at=max(moment for moment in moments if moment),
        put_right_at=row.fixed_at if row.state in ("fixed", "rechecked", "closed") else None,
        over_at=(row.closed_at or row.recorded_at) if over else None, once=row.once,
    )  # fmt: skip
    apps.get_model("cases", "HandRow").objects.create(
        case=case, what="assigned", after=owner, at=row.recorded_at, by="rule:rectify"
    )
    return case


def _answers(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"grade": row.grade, "words": row.words}
    if row.ordered_at:
        said |= {"demand": row.demand, "limit_at": row.limit_at.isoformat()}
    if row.planned_at:
        said |= {"responsible": row.person, "measures": row.measures, "money": float(row.money), "plan": row.plan,
                 "deadline_at": row.deadline_at.isoformat()}  # fmt: skip
    texts = {"fixed_note": row.fixed_at, "recheck_note": row.rechecked_at, "look_back_note": row.looked_back_at,
             "ended_why": row.ended_why}  # fmt: skip
    return said | {name: getattr(row, name) for name, given in texts.items() if given}


def _makers(row: Any) -> dict[str, str]:
    looked = (
        {"look_again" if row.grade == "major" else "close": row.rechecked_account}
        if row.recheck_said == "fixed"
        else {}
    )
    made = {"open": row.recorded_account, "fixed": row.fixed_account, **looked}
    return {move: account for move, account in made.items() if account}


def _clocks(apps: Any, row: Any, case: Any, pack: Pack, zone: str) -> None:
    specs = pack.cases["finding"].clocks
    with_facility = row.state in ("ordered", "planned", "reopened")
    runs = {
        "order_limit": row.limit_at if with_facility else None,
        "plan_deadline": row.deadline_at if row.state == "planned" else None,
        "recheck": row.fixed_at if row.state == "fixed" else None,
        "look_back": row.closed_at if row.state == "closed" and row.looked_back_at is None else None,
    }
    for code, began in runs.items():
        if began is None:
            continue
        answer = due(specs[code].period, began, calendar=read_calendar(specs[code].calendar), zone=zone)
        told = row.overdue_at if row.overdue_at and answer.strict <= row.overdue_at else None
        apps.get_model("cases", "ClockRow").objects.create(
            case=case, code=code, purpose="case", zone=zone, started_at=began, strict_at=answer.strict,
            rolled_at=answer.rolled, due_at=answer.strict, provisional=answer.provisional, calendar=answer.calendar,
            overdue_at=told,
        )  # fmt: skip


def _pictures(apps: Any, row: Any, case: Any) -> None:
    looked = "not_fixed" if row.recheck_said == "not_fixed" else "look_again" if row.grade == "major" else "close"
    steps = {"found": "open", "fixed": "fixed", "recheck": looked,
             "look_back": "there_again" if row.found_again else "in_order"}  # fmt: skip
    photos = apps.get_model("rectify", "ArchivedPhotoRow").objects.filter(finding_id=row.id).order_by("at", "id")
    apps.get_model("cases", "DocumentRow").objects.bulk_create(
        [apps.get_model("cases", "DocumentRow")(case=case, digest=one.digest, thumbnail=one.thumbnail, state=row.state,
                                                step=steps.get(one.moment, ""), at=one.at, by=one.by) for one in photos]
    )  # fmt: skip


def _work(apps: Any, row: Any) -> None:
    work = apps.get_model("rectify", "WorkRow")
    kept = {field.name: getattr(row, field.name) for field in work._meta.fields if field.name not in ("case", "asks")}
    work.objects.create(case=row.id, asks=row.state == "fixed" and not row.recheck_task, **kept)


def _number(apps: Any, year: int) -> str:
    rows, key = apps.get_model("cases", "NumberRow").objects, f"YH{year}"
    row, _made = rows.get_or_create(key=key)
    rows.filter(key=key).update(last=row.last + 1)
    return f"{key}-{row.last + 1:06d}"


def _zone(jurisdiction: str, zones: dict[str, str]) -> str:
    """The zone of the area, or of the nearest one above, else the deployment's."""
    parts = jurisdiction.split("/")
    above = ("/".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((zones[path] for path in above if path in zones), settings.TIME_ZONE)


def _owner(row: Any, posts: list[Any]) -> str:
    """The nearest post of the owning role; where there is none, the post that recorded it: a case never has nobody."""
    there = [post for post in posts if not post.jurisdiction or post.jurisdiction == row.jurisdiction
             or row.jurisdiction.startswith(post.jurisdiction + "/")]  # fmt: skip
    nearest = sorted(there, key=lambda post: (-len(post.jurisdiction), post.id))
    return str(nearest[0].id if nearest else row.recorded_by.partition("/")[0])
