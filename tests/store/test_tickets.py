"""Tickets: a code of an authenticator is taken once, for one operation, within five guesses, in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import pytest

from security_service.domain.codes import (
    Admitted,
    CheckAccepted,
    CheckNotFound,
    CodeExists,
    KeyReused,
    NotFound,
    Opened,
)
from security_service.domain.limits import LimitReached, Limits, Locked, Window
from security_service.domain.operation import Operation
from security_service.domain.step_up import EnrolledAuthenticator, TicketFound, TicketProof
from tests.store.rig import FREE, PAYMENT, StoreRig, subject
from tests.store.tickets import (
    FIRST_STEP,
    REMOVED,
    answer,
    ask,
    enrol,
    new_ticket,
    offer,
    open_ticket,
    step_up,
)

PAYING: Final = subject(operation=PAYMENT)
OTHER_SUM: Final = subject(operation=replace(PAYMENT, minor=1))
NEXT: Final = FIRST_STEP + 1


def reason(outcome: object) -> NotFound:
    assert isinstance(outcome, CheckNotFound)
    return outcome.reason


def test_the_gate_is_told_of_a_confirmed_authenticator_and_of_no_other(rig: StoreRig) -> None:
    def seen() -> object:
        admitted = rig.admit(PAYING, rig.caller())
        assert isinstance(admitted, Admitted)
        return admitted.authenticator

    assert seen() is None
    offer(rig, PAYING)
    assert seen() is None
    rig.authenticators.remove("demo", PAYING.number, REMOVED)
    rig.advance(7)
    name = enrol(rig, PAYING)
    assert seen() == EnrolledAuthenticator(name, rig.now_ms)


def test_a_right_code_is_accepted_once(rig: StoreRig) -> None:
    ticket = step_up(rig, PAYING, enrol(rig, PAYING))
    assert rig.state(PAYING) == "ticket"
    assert answer(rig, PAYING, NEXT) == CheckAccepted(ticket)
    assert reason(answer(rig, PAYING, NEXT + 1)) is NotFound.SPENT
    checked = [event for event in rig.events(PAYING) if event["kind"] == "code_checked"]
    assert checked[0]["outcome"]["factor"] == "authenticator"
    assert [event["outcome"]["reason"] for event in checked] == ["valid", "spent"]


def test_the_first_call_gives_out_the_sealed_secret_and_changes_nothing(rig: StoreRig) -> None:
    ticket = step_up(rig, PAYING, enrol(rig, PAYING, b"a sealed secret"))
    before = rig.redis.hgetall(rig.keys(PAYING).slot("default"))
    assert ask(rig, PAYING) == TicketFound(ticket, b"a sealed secret", rig.now_ms)
    assert rig.redis.hgetall(rig.keys(PAYING).slot("default")) == before
    assert rig.reasons(PAYING) == []


def test_of_a_hundred_parallel_right_checks_exactly_one_is_accepted(rig: StoreRig, redis_url: str) -> None:
    step_up(rig, PAYING, enrol(rig, PAYING))

    def check(place: int) -> bool:
        mine = StoreRig(redis_url, initialised=False)
        mine.layout, mine.now_ms = rig.layout, rig.now_ms
        outcome = answer(mine, PAYING, NEXT, replace(mine.caller(), request_id=f"f{place:031x}"))
        mine.close()
        return isinstance(outcome, CheckAccepted)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(check, range(100))) == 1


def test_wrong_codes_that_were_all_asked_about_at_once_are_still_five(rig: StoreRig) -> None:
    """Whoever asks a hundred times before the first answer is judged gets no sixth guess."""
    ticket = step_up(rig, PAYING, enrol(rig, PAYING))
    callers = [rig.caller() for _ in range(6)]
    assert all(isinstance(ask(rig, PAYING, caller), TicketFound) for caller in callers)
    wrong = [ask(rig, PAYING, caller, TicketProof(ticket, None)) for caller in callers[:5]]
    assert [reason(one) for one in wrong] == [NotFound.WRONG] * 5
    assert ask(rig, PAYING, callers[5], TicketProof(ticket, NEXT)) == Locked("locked", 60)
    rig.advance(60)
    assert reason(ask(rig, PAYING, callers[5], TicketProof(ticket, NEXT))) is NotFound.BURNT


def test_wrong_codes_of_codes_and_tickets_are_one_budget(rig: StoreRig) -> None:
    name = enrol(rig, PAYING)
    rig.generate(subject(operation=Operation("login")))
    rig.guess(subject(operation=Operation("login")), 3)
    step_up(rig, PAYING, name)
    assert [reason(answer(rig, PAYING, None)) for _ in range(2)] == [NotFound.WRONG] * 2
    assert answer(rig, PAYING, NEXT) == Locked("locked", 60)


def test_the_code_of_a_step_is_taken_once_over_all_purposes(rig: StoreRig) -> None:
    name = enrol(rig, PAYING, step=FIRST_STEP)
    login = subject(operation=Operation("login"))
    step_up(rig, PAYING, name)
    step_up(rig, login, name)
    assert reason(answer(rig, PAYING, FIRST_STEP)) is NotFound.STEP_USED
    assert isinstance(answer(rig, PAYING, NEXT), CheckAccepted)
    assert reason(answer(rig, login, NEXT)) is NotFound.STEP_USED
    assert reason(answer(rig, login, NEXT - 1)) is NotFound.STEP_USED
    assert rig.subscribers.get("demo", PAYING.number).failures == 0
    assert isinstance(answer(rig, login, NEXT + 1), CheckAccepted)


def test_a_right_code_for_another_operation_kills_the_ticket_and_is_counted_and_taken(rig: StoreRig) -> None:
    name = enrol(rig, PAYING)
    step_up(rig, PAYING, name)
    assert answer(rig, OTHER_SUM, NEXT) == CheckNotFound(NotFound.OPERATION_DIFFERS, 4)
    assert reason(answer(rig, PAYING, NEXT + 1)) is NotFound.DEAD
    step_up(rig, PAYING, name)
    assert reason(answer(rig, PAYING, NEXT)) is NotFound.STEP_USED


def test_a_ticket_whose_time_ran_out_is_never_compared(rig: StoreRig) -> None:
    step_up(rig, PAYING, enrol(rig, PAYING))
    rig.advance(ms=299_999)
    assert isinstance(ask(rig, PAYING), TicketFound)
    rig.advance(ms=1)
    assert reason(ask(rig, PAYING)) is NotFound.TICKET_EXPIRED


def test_a_ticket_whose_time_runs_out_between_both_calls_is_not_accepted(rig: StoreRig) -> None:
    ticket, caller = step_up(rig, PAYING, enrol(rig, PAYING)), rig.caller()
    assert isinstance(ask(rig, PAYING, caller), TicketFound)
    rig.advance(300)
    assert reason(ask(rig, PAYING, caller, TicketProof(ticket, NEXT))) is NotFound.TICKET_EXPIRED


def test_a_ticket_is_taken_only_by_who_names_its_purpose(rig: StoreRig) -> None:
    step_up(rig, PAYING, enrol(rig, PAYING))
    assert reason(ask(rig, PAYING, named=False)) is NotFound.NONE
    assert isinstance(ask(rig, PAYING), TicketFound)


def test_a_ticket_holds_the_slot_against_nobody(rig: StoreRig) -> None:
    name = enrol(rig, PAYING)
    first = step_up(rig, PAYING, name)
    second = step_up(rig, PAYING, name)
    assert reason(ask(rig, PAYING, proof=TicketProof("another", NEXT), named=False)) is NotFound.NONE
    draft = rig.generate(PAYING)
    told = [event["outcome"] for event in rig.events(PAYING) if event["kind"] == "code_superseded"]
    assert told == [{"by": second, "code_id": first}, {"by": draft.code.id, "code_id": second}]
    assert isinstance(rig.check(PAYING, draft.digits), CheckAccepted)


def test_the_answer_to_a_ticket_that_was_superseded_is_asked_for_again(rig: StoreRig) -> None:
    name, caller = enrol(rig, PAYING), rig.caller()
    first = step_up(rig, PAYING, name)
    assert isinstance(ask(rig, PAYING, caller), TicketFound)
    second = step_up(rig, PAYING, name)
    again = ask(rig, PAYING, caller, TicketProof(first, NEXT))
    assert isinstance(again, TicketFound)
    assert ask(rig, PAYING, caller, TicketProof(again.id, NEXT)) == CheckAccepted(second)


def test_a_ticket_does_not_take_the_slot_of_a_live_code(rig: StoreRig) -> None:
    name, caller = enrol(rig, PAYING), rig.caller()
    assert isinstance(rig.admit(PAYING, caller), Admitted)
    draft = rig.generate(PAYING)
    assert open_ticket(rig, PAYING, new_ticket(rig, PAYING, name), caller) == CodeExists(300)
    assert isinstance(rig.check(PAYING, draft.digits), CheckAccepted)


def test_a_ticket_of_another_operation_supersedes_a_live_code_which_stays_known(rig: StoreRig) -> None:
    name = enrol(rig, PAYING)
    draft = rig.generate(PAYING)
    step_up(rig, OTHER_SUM, name)
    assert isinstance(answer(rig, OTHER_SUM, NEXT), CheckAccepted)
    assert reason(rig.check(PAYING, draft.digits)) is NotFound.SUPERSEDED


def test_a_ticket_dies_with_its_authenticator_and_is_not_taken_over_by_the_next(rig: StoreRig) -> None:
    ticket, caller = step_up(rig, PAYING, enrol(rig, PAYING)), rig.caller()
    assert isinstance(ask(rig, PAYING, caller), TicketFound)
    assert rig.authenticators.remove("demo", PAYING.number, REMOVED)
    assert reason(ask(rig, PAYING, caller, TicketProof(ticket, NEXT))) is NotFound.NO_AUTHENTICATOR
    enrol(rig, PAYING, b"of a thief")
    assert reason(ask(rig, PAYING)) is NotFound.NO_AUTHENTICATOR


def test_a_ticket_that_another_master_gave_is_dead(rig: StoreRig) -> None:
    step_up(rig, PAYING, enrol(rig, PAYING))
    rig.master = "another"
    assert reason(ask(rig, PAYING)) is NotFound.FAILED_OVER
    rig.master = ""
    assert reason(ask(rig, PAYING)) is NotFound.DEAD


def test_both_calls_of_a_check_take_one_place_in_its_window(rig: StoreRig) -> None:
    tenant = replace(FREE, limits=Limits((), (Window("checks", 2, 60),), ()))
    paying = replace(PAYING, tenant=tenant)
    step_up(rig, paying, enrol(rig, paying))
    assert reason(answer(rig, paying, None)) is NotFound.WRONG
    assert isinstance(answer(rig, paying, NEXT), CheckAccepted)
    assert isinstance(answer(rig, paying, NEXT), LimitReached)


def test_a_check_under_an_idempotency_key_is_answered_as_before(rig: StoreRig) -> None:
    ticket = step_up(rig, PAYING, enrol(rig, PAYING))
    key = rig.caller(key="k")
    together = replace(key, request_id=rig.token())
    assert isinstance(ask(rig, PAYING, together), TicketFound)
    assert answer(rig, PAYING, NEXT, key) == CheckAccepted(ticket)
    replayed = CheckAccepted(ticket, replayed=True)
    assert ask(rig, PAYING, together, TicketProof(ticket, NEXT)) == replayed
    assert ask(rig, PAYING, replace(key, request_id=rig.token())) == replayed
    assert ask(rig, PAYING, replace(key, request_id=rig.token(), body="other")) == KeyReused()


def test_a_refusal_that_wrote_a_ticket_is_decided_afresh_under_its_idempotency_key(rig: StoreRig) -> None:
    name, key = enrol(rig, PAYING), rig.caller(key="k")
    rig.admit(PAYING, key)
    assert open_ticket(rig, PAYING, new_ticket(rig, PAYING, name), key) == Opened()
    assert isinstance(rig.admit(PAYING, replace(key, request_id=rig.token())), Admitted)


def test_a_ticket_is_told_no_lease_and_no_receipt(rig: StoreRig) -> None:
    step_up(rig, PAYING, enrol(rig, PAYING))
    rig.advance(3600)
    assert rig.jobs.claim(9, 5.0) == []


@pytest.mark.parametrize("digits", ["the code's", "000000"])
def test_what_is_typed_for_a_ticket_is_not_held_against_codes_of_before(rig: StoreRig, digits: str) -> None:
    name = enrol(rig, PAYING)
    draft = rig.generate(PAYING)
    step_up(rig, OTHER_SUM, name)
    outcome = rig.check(PAYING, draft.digits if digits == "the code's" else digits)
    assert reason(outcome) is NotFound.NONE
