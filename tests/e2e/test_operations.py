"""What banks rely on, through a running service: races, IMSIs passed in, pins, payments, first contacts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import md5

import pytest

from tests.e2e.all_in_one import Running, all_in_one, inside_of
from tests.e2e.callers import Backend, Reply, new_number
from tests.e2e.inside import UNLIMITED, Inside
from tests.e2e.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Banks:
    """A running service, and a way to its store for making tenants."""

    running: Running
    inside: Inside
    undo: ExitStack

    def bank(self, tenant: str, **members: object) -> Backend:
        """Make a tenant and give its backend."""
        key = self.inside.tenant(tenant, **members)
        base_url = self.running.program.facts()["base_url"]
        return self.undo.enter_context(Backend(base_url, key))

    def facts(self, tenant: str, number: str, kind: str) -> list[dict[str, object]]:
        """Give the facts of a number's events of one kind, the oldest first."""
        return [event["facts"] for event in self.inside.events(tenant, number, kind)]


@pytest.fixture(scope="module")
def banks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Banks]:
    with ExitStack() as undo:
        running = undo.enter_context(all_in_one(tmp_path_factory.mktemp("operations") / "data"))
        inside = undo.enter_context(inside_of(running))
        yield Banks(running, inside, undo)


def at_once(times: int, ask: Callable[[], Reply]) -> Counter[int]:
    """Ask so many times at the same moment, and count the answers by their codes."""
    together = threading.Barrier(times)

    def one() -> int:
        together.wait(30)
        return ask().code

    with ThreadPoolExecutor(times) as threads:
        return Counter(future.result() for future in [threads.submit(one) for _ in range(times)])


def test_of_a_hundred_parallel_right_checks_exactly_one_is_accepted(banks: Banks) -> None:
    bank, number = banks.bank("races", limits=UNLIMITED), new_number()
    assert bank.generate(number).code == 0
    code = banks.running.operator.code(number)
    assert at_once(100, partial(bank.check, number, code)) == {0: 1, 5: 99}
    reasons = Counter(
        event["outcome"]["reason"] for event in banks.inside.events("races", number, "code_checked")
    )
    assert reasons == {"valid": 1, "spent": 99}


def test_two_parallel_calls_for_one_number_give_one_message_and_one_code_7(banks: Banks) -> None:
    bank, operator = banks.running.bank, banks.running.operator
    operator.fault("sms", "slow", 0.3)
    for number in (new_number(), new_number(), new_number()):
        assert at_once(2, partial(bank.generate, number)) == {0: 1, 7: 1}
        assert len(operator.texts(number)) == 1
    operator.heal()


def test_a_code_sent_before_a_swap_is_not_accepted_after_it_where_it_is_pinned(banks: Banks) -> None:
    bank, operator = banks.bank("pinned", pin_at_check=True), banks.running.operator
    same, swapped = new_number(), new_number()
    for number in (same, swapped):
        assert bank.generate(number).code == 0
    operator.swap(swapped)
    assert bank.check(same, operator.code(same)).code == 0
    assert [bank.check(swapped, operator.code(swapped)).code for _ in range(2)] == [5, 5]
    (kept,) = banks.facts("pinned", same, "check_finalised")
    (refused,) = banks.facts("pinned", swapped, "check_finalised")
    assert (kept["accepted"], kept["reason"], kept["pinned"]) == (True, "valid", True)
    assert (refused["accepted"], refused["reason"]) == (False, "sim_changed_after_send")


def md5_of(imsi: str) -> str:
    return md5(imsi.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("form", ["digits", "md5"])
def test_an_imsi_passed_in_lets_the_code_leave_only_where_it_is_the_networks(banks: Banks, form: str) -> None:
    tenant = f"knows-{form}"
    bank, operator = banks.bank(tenant, imsi_form=form), banks.running.operator
    write = str if form == "digits" else md5_of
    number, other = new_number(), new_number()
    right, foreign = write(operator.imsi(number)), write(operator.imsi(other))
    differs = bank.generate(number, IMSICode=foreign)
    assert (differs.code, differs.headers["X-Etalon-Verdict"]) == (6, "deny")
    assert operator.texts(number) == []
    assert bank.generate(number, IMSICode=right.upper()).code == 0
    assert bank.check(number, operator.code(number)).code == 0
    reasons = [facts["reason"] for facts in banks.facts(tenant, number, "gate_decided")]
    assert reasons == ["imsi_differs", "sim_first_seen"]


def test_an_imsi_of_another_form_than_the_tenants_is_refused(banks: Banks) -> None:
    number = new_number()
    digest = md5_of(banks.running.operator.imsi(number))
    assert banks.running.bank.generate(number, IMSICode=digest).code == 6
    (decided,) = banks.facts("demo", number, "gate_decided")
    assert decided["reason"] == "imsi_malformed"


PAYMENT = {"Purpose": "payment", "Amount": "1500.00", "Currency": "RUB", "Payee": "ООО Ромашка"}


def test_a_payments_text_shows_its_amount_and_payee_and_its_code_is_good_for_it_alone(banks: Banks) -> None:
    bank, operator = banks.running.bank, banks.running.operator
    number, cheated = new_number(), new_number()
    for one in (number, cheated):
        assert bank.generate(one, **PAYMENT).code == 0
    (text,) = operator.texts(number)
    assert "Ромашка" in text
    assert "RUB" in text
    assert "1500" in text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")

    same = {**PAYMENT, "Amount": "1500", "Payee": " ООО   Ромашка "}
    assert bank.check(number, operator.code(number), **same).code == 0

    other = {**PAYMENT, "Amount": "9500.00"}
    assert bank.check(cheated, operator.code(cheated), **other).code == 5
    assert bank.check(cheated, operator.code(cheated), **PAYMENT).code == 5
    reasons = [event["outcome"]["reason"] for event in banks.inside.events("demo", cheated, "code_checked")]
    assert reasons == ["operation_differs", "dead"]


def test_another_payment_takes_the_slot_and_the_same_one_does_not(banks: Banks) -> None:
    bank, number = banks.running.bank, new_number()
    assert bank.generate(number, **PAYMENT).code == 0
    first = banks.running.operator.code(number)
    assert bank.generate(number, **PAYMENT).code == 7
    other = {**PAYMENT, "Amount": "1501.00"}
    assert bank.generate(number, **other).code == 0
    assert bank.check(number, first, **PAYMENT).code == 5
    assert bank.check(number, banks.running.operator.code(number), **other).code == 0


def test_a_text_without_its_amount_is_not_saved(banks: Banks) -> None:
    text = '{"payment":{"ru":{"text":"Код {code} для {payee}","payment":true}}}'
    refused = banks.running.program.command("tenant", "set", "demo", f"templates.texts={text}")
    assert refused.returncode == 1
    assert "{amount} is missing" in refused.stderr


def test_a_first_message_may_leave_before_the_look_and_a_second_never_does(banks: Banks) -> None:
    bank, operator = banks.bank("hasty", first_contact="send_then_look"), banks.running.operator
    number = new_number()
    assert bank.generate(number).code == 0
    (first,) = banks.facts("hasty", number, "gate_decided")
    assert (first["reason"], first["lookups"]) == ("first_contact", [])
    wait_for("the reference", lambda: banks.facts("hasty", number, "reference_learnt"))
    assert bank.check(number, operator.code(number)).code == 0

    operator.swap(number)
    assert bank.generate(number).code == 6
    second = banks.facts("hasty", number, "gate_decided")[-1]
    assert second["reason"] == "sim_changed"
    assert second["lookups"]


def test_the_retry_of_a_call_gets_its_answer_and_sends_nothing(banks: Banks) -> None:
    bank, operator, number = banks.running.bank, banks.running.operator, new_number()
    answers = at_once(2, partial(bank.generate, number, key="try-1"))
    assert answers == {0: 2}
    assert len(operator.texts(number)) == 1
    other = bank.generate(number, key="try-1", Purpose="login")
    assert (other.code, other.status) == (101, 400)
    code = operator.code(number)
    assert [bank.check(number, code, key="check-1").code for _ in range(3)] == [0, 0, 0]
    assert bank.check(number, code).code == 5
