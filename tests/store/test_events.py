"""Events: canonical text, numbers without a gap, and a clock that may step back."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import rfc8785
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from security_service.domain.audit import Event, EventKind, Json, canonical
from security_service.domain.secret import Msisdn
from security_service.store import scripts
from security_service.store.keys import MANAGEMENT, all_shards
from security_service.store.records import pack
from tests.store.everything import do_everything
from tests.store.rig import NUMBER, START_MS, StoreRig, messaged, subject

names = st.text(st.characters(max_codepoint=127, categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)
facts = st.dictionaries(
    names,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)


# Kinds whose scripts are left to a test file of their own.
TOLD_ELSEWHERE: Final[Mapping[str, str]] = {
    "bulk_reverify": "test_bulk_runs.py",
    "subscriber_imported": "test_imports.py",
}


def texts(rig: StoreRig) -> list[bytes]:
    return [text for shard in (*all_shards(), MANAGEMENT) for text in rig.texts(shard)]


def kinds_in_scripts() -> set[str]:
    """The kinds that scripts write of themselves, by their words."""
    found: set[str] = set()
    folder = files(scripts)
    for file in (*folder.iterdir(), *folder.joinpath("shared").iterdir()):
        if file.name.endswith(".lua"):
            text = file.read_text(encoding="utf-8")
            found |= set(re.findall(r"emit\(\w+, '(\w+)'", text))
            found |= set(re.findall(r"\},\n\s+'(\w+)',", text))
    return found


@given(st.text(max_size=40))
@example('\x00\x1f"\\/\x7f\u2028 ёлка 𝄞 😀 \ufeff￿')
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_event_that_is_written_is_canonical_text(rig: StoreRig, text: str) -> None:
    rig.redis.flushall()
    again = StoreRig(rig.url)
    do_everything(again, text)
    written = texts(again)
    again.close()
    told = set()
    for one in written:
        event = json.loads(one)
        assert rfc8785.dumps(event) == one
        assert event.keys() == {"at", "facts", "kind", "outcome", "seq", "shard", "subject", "v"}
        told.add(EventKind(event["kind"]).value)
    assert told >= kinds_in_scripts() - TOLD_ELSEWHERE.keys()
    assert len(kinds_in_scripts()) >= 14


@given(facts)
@settings(max_examples=150, deadline=None)
def test_facts_are_canonical_text(value: dict[str, Json]) -> None:
    assert canonical(value).encode() == rfc8785.dumps(dict(value))


def test_an_event_tells_whom_it_is_about_when_and_where(rig: StoreRig) -> None:
    rig.advance(ms=5)
    event = Event(EventKind.MODE_SET, {"actor": "анна"})
    rig.subscribers.swap("demo", NUMBER, b"", messaged(), [event])
    told: dict[str, Any] = rig.events(subject())[0]
    assert told == {
        "at": START_MS + 5,
        "facts": {"actor": "анна", "record": b64encode(pack(messaged())).decode()},
        "kind": "mode_set",
        "outcome": {},
        "seq": 2,
        "shard": rig.keys(subject()).shard,
        "subject": {"number": NUMBER.digits, "tenant": "demo"},
        "v": 1,
    }


def test_events_are_numbered_without_a_gap_in_every_shard(rig: StoreRig) -> None:
    do_everything(rig)
    for shard in (*all_shards(), MANAGEMENT):
        numbers = [json.loads(text)["seq"] for text in rig.texts(shard)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_clock_that_steps_back_loses_no_event_and_keeps_the_order(rig: StoreRig) -> None:
    whom = subject()
    for step in (0, 5000, -4000, -10_000, 2000, 20_000, -1):
        rig.now_ms += step
        rig.check(whom, "1")
    told = rig.events(whom)
    assert [event["seq"] for event in told] == list(range(2, 9))
    steps = [event["at"] - START_MS for event in told]
    assert steps == [0, 5000, 1000, -9000, -7000, 13_000, 12_999]


def test_an_entry_stands_in_the_stream_under_the_millisecond_it_tells(rig: StoreRig) -> None:
    rig.check(subject(), "1")
    rig.check(subject(), "1")
    entries = rig.redis.xrange(rig.keys(subject()).of_shard("events"))
    assert [entry_id for entry_id, _ in entries[1:]] == [f"{START_MS}-{n}".encode() for n in (1, 2)]


def test_without_a_time_of_a_test_the_stores_own_time_is_told(rig: StoreRig) -> None:
    own = type(rig.frame)(rig.scripts, lambda: rig.layout, "i1")
    whom = subject(Msisdn("79990001122"))
    before = rig.redis.time()
    checks = type(rig.checks)(own)
    rig.checks = checks
    rig.redis.delete(rig.keys(whom).of_shard("events"))
    rig.check(whom, "1")
    after = rig.redis.time()
    told = rig.events(whom)[0]["at"]
    assert before[0] * 1000 + before[1] // 1000 <= told <= after[0] * 1000 + after[1] // 1000


def test_a_digest_of_a_code_stands_in_no_event(rig: StoreRig) -> None:
    draft = rig.generate(subject())
    rig.check(subject(), draft.digits)
    held = [one.digest.hex() for one in rig.code_digests(subject(), draft.digits)]
    told = b"".join(texts(rig)).decode()
    assert not [one for one in (*held, draft.digits) if one in told]
