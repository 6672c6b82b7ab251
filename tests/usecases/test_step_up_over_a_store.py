"""A customer with a new SIM pays with a code of the authenticator app; a thief with one does not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from security_service.domain.lookup import NoData
from security_service.domain.secret import Code, KeyRing
from security_service.domain.subscriber import Subscriber
from security_service.usecases.answers import Answered
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.enrol_authenticator import EnrolFault, NotEnrolled
from security_service.usecases.freeze import AlreadyFrozen, Frozen
from tests.fakes.sim import NEW_SIM, OLD_SIM
from tests.store.rig import StoreRig
from tests.usecases.step_up_rig import DAY, NUMBER, Bank, Phone

STEPPED_UP = Answered(6, "recent_change", "step_up")
DENIED = Answered(6, "no_step_up", "deny")


@pytest.fixture
def bank(redis_url: str) -> Iterator[Bank]:
    rig = StoreRig(redis_url)
    yield Bank(rig)
    rig.close()


def known(bank: Bank) -> None:
    """A customer whose SIM has been trusted for long."""
    assert bank.pay(None).code == 0
    bank.rig.advance(90 * DAY)


def swapped(bank: Bank) -> Phone:
    """A customer with an authenticator, whose SIM was swapped and re-verified."""
    known(bank)
    phone = bank.enrol()
    bank.rig.advance(3600)
    bank.swap_sim(NEW_SIM)
    assert bank.pay() == Answered(6, "sim_changed", "deny")
    bank.trust()
    bank.rig.advance(60)
    return phone


def test_a_payment_after_a_swap_is_approved_by_the_authenticator_once(bank: Bank) -> None:
    phone = swapped(bank)
    sent = len(bank.sms.sent)
    assert bank.pay() == STEPPED_UP
    assert bank.enter(phone.shows(bank.now)) == Answered(0, "valid")
    assert bank.enter(phone.shows(bank.now)) == Answered(5, "spent")
    assert len(bank.sms.sent) == sent
    facts = bank.decided()
    assert (facts["verdict"], facts["step_up"], facts["can_step_up"]) == ("step_up", "ready", True)


def test_what_is_not_a_payment_goes_by_message_beside_it(bank: Bank) -> None:
    swapped(bank)
    assert bank.pay() == STEPPED_UP
    assert bank.pay(None, "login").code == 0


def test_without_an_authenticator_it_is_a_denial(bank: Bank) -> None:
    known(bank)
    bank.swap_sim(NEW_SIM)
    bank.pay()
    bank.trust()
    assert bank.pay() == DENIED
    assert bank.decided()["step_up"] == "none"


def test_a_thief_cannot_enrol_while_the_change_is_known(bank: Bank) -> None:
    known(bank)
    bank.swap_sim(NEW_SIM)
    bank.pay()
    refused = NotEnrolled(EnrolFault.SIM_IN_QUESTION)
    assert bank.enrolment.offer(bank.action()) == refused
    assert "authenticator_offered" not in bank.rig.kinds(bank.whom)


def test_a_thief_cannot_enrol_before_the_change_is_known(bank: Bank) -> None:
    """He swaps the SIM and enrols at once, before any message makes the service look."""
    known(bank)
    bank.swap_sim(NEW_SIM)
    phone = bank.offer()
    refused = bank.enrolment.confirm(bank.action(), Code(phone.shows(bank.now)))
    assert refused == NotEnrolled(EnrolFault.SIM_IN_QUESTION)
    assert bank.rig.authenticators.get("bank", NUMBER).authenticator is not None
    assert [job.kind.value for job in bank.rig.jobs.claim(9, 5.0) if job.id.startswith("l")] == ["look"]
    bank.pay()
    late = bank.enrolment.confirm(bank.action(), Code(phone.shows(bank.now)))
    assert late == NotEnrolled(EnrolFault.SIM_IN_QUESTION)


def test_a_thief_who_was_offered_one_before_the_swap_cannot_confirm_it_after(bank: Bank) -> None:
    known(bank)
    phone = bank.offer()
    bank.swap_sim(NEW_SIM)
    bank.pay()
    refused = bank.enrolment.confirm(bank.action(), Code(phone.shows(bank.now)))
    assert refused == NotEnrolled(EnrolFault.SIM_IN_QUESTION)


def test_an_authenticator_enrolled_after_the_swap_counts_once_the_sim_has_settled(
    bank: Bank,
) -> None:
    """He even has the SIM re-verified, and enrols then: the payments of ten days stay denied."""
    known(bank)
    bank.swap_sim(NEW_SIM)
    bank.pay()
    bank.trust()
    bank.rig.advance(60)
    bank.enrol()
    assert bank.pay() == DENIED
    assert (bank.decided()["step_up"], bank.decided()["reason"]) == ("too_new", "no_step_up")
    bank.rig.advance(10 * DAY)
    assert bank.pay().code == 0


def test_nobody_enrols_while_no_source_tells_whether_the_trusted_sim_is_there(bank: Bank) -> None:
    known(bank)
    phone = bank.offer()
    bank.sim.script = [NoData.UNAVAILABLE]
    refused = bank.enrolment.confirm(bank.action(), Code(phone.shows(bank.now)))
    assert refused == NotEnrolled(EnrolFault.SIM_UNKNOWN, "unavailable")
    bank.swap_sim(OLD_SIM)
    bank.rig.advance(30)
    bank.enrolment.confirm(bank.action(), Code(phone.shows(bank.now)))
    assert "authenticator_confirmed" in bank.rig.kinds(bank.whom)


def test_an_operator_that_tells_no_sim_leaves_the_authenticator_as_the_only_way(bank: Bank) -> None:
    bank.sim.script = [NoData.NOT_SUPPORTED]
    phone = bank.enrol()
    asked = len(bank.sim.asked)
    bank.rig.advance(30)
    assert bank.pay() == Answered(6, "not_supported", "step_up")
    assert asked == 0
    assert bank.enter(phone.shows(bank.now)) == Answered(0, "valid")


def test_wrong_codes_lock_as_those_of_messages_do(bank: Bank) -> None:
    phone = swapped(bank)
    bank.pay()
    assert [bank.enter("000000").reason for _ in range(5)] == ["wrong"] * 5
    assert bank.enter(phone.shows(bank.now)) == Answered(3, "locked", retry_after_s=60)
    bank.rig.advance(60)
    assert bank.enter(phone.shows(bank.now)) == Answered(5, "burnt")


def test_another_amount_is_another_operation(bank: Bank) -> None:
    phone = swapped(bank)
    bank.pay()
    assert bank.enter(phone.shows(bank.now), "1500.01") == Answered(5, "operation_differs")
    assert bank.enter(phone.shows(bank.now)) == Answered(5, "dead")


def test_without_a_purpose_the_code_of_an_authenticator_is_not_looked_at(bank: Bank) -> None:
    phone = swapped(bank)
    assert bank.pay(purpose=None) == STEPPED_UP
    assert bank.enter(phone.shows(bank.now), purpose=None) == Answered(5, "no_code")
    assert bank.enter(phone.shows(bank.now), purpose="default") == Answered(0, "valid")


def test_a_code_that_came_as_a_number_gets_its_zeros_back(bank: Bank) -> None:
    bank.tenant = replace(bank.tenant, code_length=8)
    phone = swapped(bank)
    bank.pay()
    while not phone.shows(bank.now).startswith("0"):
        bank.rig.advance(30)
        bank.pay()
    assert bank.enter(phone.shows(bank.now).lstrip("0"), number=True) == Answered(0, "valid")


def test_a_clock_half_a_minute_off_does_not_matter_and_one_further_off_does(bank: Bank) -> None:
    phone = swapped(bank)
    bank.pay()
    assert bank.enter(phone.shows(bank.now - 60)) == Answered(5, "wrong")
    assert bank.enter(phone.shows(bank.now + 30)) == Answered(0, "valid")


def test_a_code_is_good_for_one_payment_only(bank: Bank) -> None:
    phone = swapped(bank)
    bank.pay()
    code = phone.shows(bank.now)
    assert bank.enter(code).code == 0
    bank.pay("900.00")
    assert bank.enter(code, "900.00") == Answered(5, "step_used")
    bank.rig.advance(30)
    assert bank.enter(phone.shows(bank.now), "900.00").code == 0


def test_the_code_that_confirmed_it_is_good_for_nothing_else(bank: Bank) -> None:
    bank.sim.script = [NoData.NOT_SUPPORTED]
    phone = bank.enrol()
    code = phone.shows(bank.now)
    bank.rig.advance(1)
    bank.pay()
    assert bank.enter(code) == Answered(5, "step_used")


def test_of_parallel_right_checks_one_is_answered_with_0(bank: Bank, redis_url: str) -> None:
    phone = swapped(bank)
    bank.pay()
    code, now = phone.shows(bank.now), bank.rig.now_ms

    def enter(place: int) -> int:
        rig = StoreRig(redis_url, initialised=False)
        rig.layout, rig.now_ms = bank.rig.layout, now
        mine = Bank(rig)
        request = replace(mine.request(), request_id=f"f{place:031x}")
        answered = mine.check_code.run(CheckCodeRequest(request, code))
        rig.close()
        assert isinstance(answered, Answered)
        return answered.code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(enter, range(100))) == [0] + [5] * 99


def test_a_check_under_an_idempotency_key_is_answered_as_before(bank: Bank) -> None:
    phone = swapped(bank)
    bank.pay()
    code = phone.shows(bank.now)
    assert bank.enter(code, key="k") == Answered(0, "valid")
    assert bank.enter(code, key="k") == Answered(0, "replayed")


def test_a_secret_that_cannot_be_opened_is_told_and_counts_nothing(bank: Bank) -> None:
    phone = swapped(bank)
    bank.pay()
    unavailable = Answered(4, "step_up_unavailable")
    assert Bank(bank.rig, vault=KeyRing({2: b"w" * 32})).enter(phone.shows(bank.now)) == unavailable
    assert Bank(bank.rig, vault=None).enter(phone.shows(bank.now)) == unavailable
    assert bank.enter(phone.shows(bank.now)).code == 0


def test_without_vault_keys_nobody_is_offered_one_nor_stepped_up(bank: Bank) -> None:
    swapped(bank)
    poor = Bank(bank.rig, vault=None)
    poor.swap_sim(NEW_SIM)
    assert poor.enrolment.offer(poor.action()) == NotEnrolled(EnrolFault.NO_VAULT)
    assert poor.pay() == DENIED


def test_the_secret_lies_in_the_store_sealed_for_one_number_and_stands_in_no_event(bank: Bank) -> None:
    phone = swapped(bank)
    stored = bank.rig.redis.hgetall(bank.rig.keys(bank.whom).authenticator)
    assert phone.secret.encode() not in b"".join(stored.values())
    assert all(phone.secret.encode() not in text for text in bank.rig.texts(bank.rig.keys(bank.whom).shard))
    offered = bank.enrolment.offer(bank.action())
    assert phone.secret not in repr(offered)


def test_what_is_sealed_for_one_number_does_not_open_for_another(bank: Bank) -> None:
    """Somebody with write access to the store puts his own secret under another's number."""
    bank.sim.script = [NoData.NOT_SUPPORTED]
    phone = bank.enrol()
    key = bank.rig.keys(bank.whom).authenticator
    sealed = bank.rig.redis.hget(key, "s")
    assert bank.sealer is not None
    bank.rig.redis.hset(key, "s", bank.sealer.seal(phone.secret.encode(), "authenticator:bank:79990000000"))
    bank.rig.advance(30)
    bank.pay()
    assert bank.enter(phone.shows(bank.now)) == Answered(4, "step_up_unavailable")
    bank.rig.redis.hset(key, "s", sealed)
    assert bank.enter(phone.shows(bank.now)).code == 0


def test_a_record_that_keeps_moving_enrols_nothing_wrong(bank: Bank) -> None:
    known(bank)

    def move() -> None:
        held = bank.rig.subscribers.get("bank", NUMBER)
        moved = replace(held.subscriber, messaged=not held.subscriber.messaged)
        assert bank.rig.subscribers.swap("bank", NUMBER, held.stored, moved, ())

    bank.sim.meanwhile = move
    phone = bank.offer()
    bank.enrolment.confirm(bank.action(), Code(phone.shows(bank.now)))
    assert "authenticator_confirmed" not in bank.rig.kinds(bank.whom)
    assert isinstance(bank.rig.subscribers.get("bank", NUMBER).subscriber, Subscriber)


def test_freeze_ends_a_ticket_for_good_and_stands_in_the_audit(bank: Bank) -> None:
    phone = swapped(bank)
    bank.pay()
    assert isinstance(bank.freeze.run(bank.action()), Frozen)
    assert isinstance(bank.freeze.run(bank.action()), AlreadyFrozen)
    assert bank.pay() == Answered(3, "frozen")
    assert bank.enter(phone.shows(bank.now)) == Answered(3, "frozen")
    (event,) = [one for one in bank.rig.events(bank.whom) if one["kind"] == "subscriber_frozen"]
    assert (event["facts"]["actor"], event["facts"]["reason"]) == ("backend", "at the branch")
