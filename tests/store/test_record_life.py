"""The life of a subscriber's record under several writers, against a plain model of compare-and-set."""

from __future__ import annotations

from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import Opened, RecordMoved
from security_service.domain.jobs import Job, JobKind
from security_service.domain.ports import StoredSubscriber
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.store.records import pack
from tests.store.rig import DECIDED, StoreRig, subject
from tests.store.subscribers import subscribers

NUMBERS = count(79_990_000_000)
WRITTEN = [Event(EventKind.MODE_SET, {"actor": "анна"}), Event(EventKind.REVERIFY_ASKED, {})]


class RecordLife(RuleBasedStateMachine):
    """Writers read, think and write back; the model knows who may still write."""

    rig: StoreRig
    read = Bundle("read")

    def __init__(self) -> None:
        super().__init__()
        self.whom = subject(Msisdn(str(next(NUMBERS))))
        self.record = NEW_SUBSCRIBER
        self.kinds: list[str] = []
        self.jobs: list[str] = []

    @rule(target=read)
    def look(self) -> StoredSubscriber:
        found = self.rig.subscribers.get("demo", self.whom.number)
        assert found.subscriber == self.record
        assert found.stored == pack(self.record)
        return found

    @rule(seen=read, wanted=subscribers | st.just(NEW_SUBSCRIBER), with_job=st.booleans())
    def write(self, seen: StoredSubscriber, wanted: Subscriber, *, with_job: bool) -> None:
        job = Job(f"w{self.rig.token()}", JobKind.REVERIFY, "demo", self.whom.number, (("reason", "ж"),))
        wrote = self.rig.subscribers.swap(
            "demo", self.whom.number, seen.stored, wanted, WRITTEN, [job] if with_job else []
        )
        assert wrote is (seen.stored == pack(self.record))
        if wrote:
            self.record = wanted
            self.kinds += ["mode_set", "reverify_asked"]
            self.jobs += [job.id] if with_job else []

    @rule(seen=read, wanted=st.none() | subscribers)
    def decide(self, seen: StoredSubscriber, wanted: Subscriber | None) -> None:
        """GenerateCode writes the record along with its verdict, or decides again."""
        caller = self.rig.caller()
        request = self.rig.request(self.whom, caller, None, seen.stored)
        opening = self.rig.codes.open(type(request)(self.whom, caller, seen.stored, wanted, None, (DECIDED,)))
        if seen.stored != pack(self.record):
            assert opening == RecordMoved(self.record, pack(self.record))
            return
        assert opening == Opened()
        self.kinds.append("gate_decided")
        if wanted not in {None, NEW_SUBSCRIBER}:
            assert wanted is not None
            self.record = wanted

    @invariant()
    def what_was_written_is_what_the_log_tells(self) -> None:
        assert self.rig.kinds(self.whom) == self.kinds

    def teardown(self) -> None:
        keys = self.rig.keys(self.whom)
        held = {job.decode() for job in self.rig.redis.hkeys(keys.of_shard("bodies"))}
        assert held >= set(self.jobs)
        listed, _ = self.rig.subscribers.page("demo", self.whom.number.digits, "", 1000)
        assert listed == ([] if self.record == NEW_SUBSCRIBER else [self.whom.number])


def test_a_record_is_written_only_by_those_who_read_its_newest_state(lasting_rig: StoreRig) -> None:
    class Here(RecordLife):
        rig = lasting_rig

    run_state_machine_as_test(Here, settings=settings(max_examples=25, stateful_step_count=15, deadline=None))
