"""What is done with the log stands in the log."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.store.log_journal import StoredLogJournal
from tests.store.rig import NUMBER, StoreRig

EXPORTED = Event(EventKind.AUDIT_EXPORTED, {"actor": "cli:olga"})


def test_an_event_about_a_number_a_tenant_or_neither_is_written(rig: StoreRig) -> None:
    journal = StoredLogJournal(rig.frame)
    journal.tell("demo", NUMBER, EXPORTED)
    journal.tell("demo", None, EXPORTED)
    journal.tell("", None, EXPORTED)
    events = [json.loads(text) for text in rig.texts("m")][-3:]
    assert [event["subject"] for event in events] == [
        {"number": NUMBER.digits, "tenant": "demo"},
        {"tenant": "demo"},
        {},
    ]
    assert {event["kind"] for event in events} == {"audit_exported"}
    assert {event["facts"]["actor"] for event in events} == {"cli:olga"}


def test_nothing_is_written_to_another_installations_store(rig: StoreRig) -> None:
    journal = StoredLogJournal(replace(rig.frame, installation="other"))
    with pytest.raises(StoreUnavailable, match="other_store"):
        journal.tell("", None, EXPORTED)
