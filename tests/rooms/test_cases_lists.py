"""Lists of cases against each other: two that name the same cases in other orders never wait for each other in a ring."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from tests.rooms.casework import LAMP, REQUEST, casework_town, row, verbs
from tocsin.records.cases import services
from tocsin.records.ledger import queries as ledger
from tocsin.testing.town import EAST


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer: nothing can wait in a ring")
def test_two_lists_crosswise_both_end_and_each_case_moves_once() -> None:
    with casework_town() as town:
        duty, handler, now = town.as_("duty"), town.as_("case-handler"), town.now
        ids = [services.open_case(REQUEST, LAMP, jurisdiction=EAST, actor=duty, now=now).id for _ in range(40)]
        moved: list[services.Moved] = []
        errors: list[BaseException] = []

        def send(order: list[str]) -> None:
            try:
                steps = [services.Step(case) for case in order]
                moved.append(services.move_many(steps, "accept", actor=handler, now=now))
            except BaseException as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=send, args=(order,)) for order in (ids, ids[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
        assert sorted(case for one in moved for case in one.done) == sorted(ids)
        assert sum(len(one.refused) for one in moved) == len(ids)
        assert {row(case).state for case in ids} == {"accepted"}
        assert all(verbs(case).count("case_moved") == 1 for case in ids)
        assert not ledger.verify()
