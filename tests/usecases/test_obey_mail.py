"""Commands by e-mail: only of allowed and proved senders, only once confirmed, only once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.access import Role
from security_service.domain.lookup import NoData
from security_service.domain.mail import Letter, MailPerson
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Mode
from security_service.store.mail_commands import StoredMailCommands
from security_service.usecases.obey_mail import MailEnd, ObeyMail
from tests.fakes.proposals import MemoryProposals, four_eyes_over
from tests.fakes.sim import NEW_SIM, ScriptedSim
from tests.fakes.store import CountedChance, MemoryStore, MemorySubscribers
from tests.fakes.store import MemoryTenants as StoreTenants
from tests.store.rig import StoreRig
from tests.usecases.behind_the_scenes import CountingMeter
from tests.web.rig import BANK, KEY

NUMBER = Msisdn("79161112211")
LEAD, CLERK, STRANGER = "lead@bank.example", "clerk@bank.example", "thief@evil.example"


class Answers:
    """The Answers port: keeps what was answered to whom."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def answer(self, letter: Letter, text: str) -> bool:
        self.sent.append((letter.sender, text))
        return True

    def code(self) -> str:
        found = re.search(r"confirm ([0-9a-f]{16})", self.sent[-1][1])
        assert found is not None
        return found[1]


class Mailbox:
    """The use case over a real store for what waits, and subscribers in memory."""

    def __init__(self, rig: StoreRig) -> None:
        self.store = MemoryStore()
        self.subscribers = MemorySubscribers(self.store)
        self.answers, self.meter = Answers(), CountingMeter()
        tenants = StoreTenants(self.store, (KEY, BANK))
        self.sim = ScriptedSim(NEW_SIM)
        four_eyes = four_eyes_over(self.subscribers, self.sim, tenants, MemoryProposals(self.store))
        people = {
            LEAD: MailPerson(BANK.id, frozenset({Role.LEAD})),
            CLERK: MailPerson(BANK.id, frozenset({Role.AUDITOR})),
        }
        chance = CountedChance()
        self.obey = ObeyMail(
            people, StoredMailCommands(rig.frame), self.answers, four_eyes, tenants, chance, self.meter
        )
        self.letters = 0

    def write(self, text: str, sender: str = LEAD, *, proved: bool = True, letter_id: str = "") -> MailEnd:
        self.letters += 1
        name = letter_id or f"<{self.letters}@mail>"
        return self.obey.run(Letter(sender, "SIM", name, text, proved))

    def mode(self) -> Mode:
        stored = self.subscribers.get(BANK.id, NUMBER)
        return stored.subscriber.mode_at(stored.now_ms // 1000)


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def box(rig: StoreRig) -> Mailbox:
    return Mailbox(rig)


def test_a_command_is_done_once_its_sender_confirmed_it(box: Mailbox) -> None:
    assert box.write("deny +79161112211: stolen phone") is MailEnd.ASKED
    assert box.mode() is Mode.CHECK
    assert NUMBER.digits not in box.answers.sent[-1][1]
    assert box.write(f"confirm {box.answers.code()}") is MailEnd.DONE
    assert box.mode() is Mode.ALWAYS_DENY


def test_a_confirmation_is_good_once_and_for_its_sender_alone(box: Mailbox) -> None:
    box.write("deny +79161112211")
    code = box.answers.code()
    assert box.write(f"confirm {code}", CLERK) is MailEnd.NO_SUCH_CODE
    assert box.write(f"confirm {code}") is MailEnd.NO_SUCH_CODE
    assert box.mode() is Mode.CHECK


def test_strangers_and_forged_senders_are_ignored_and_get_no_letter(box: Mailbox) -> None:
    assert box.write("deny +79161112211", STRANGER) is MailEnd.STRANGER
    assert box.write("deny +79161112211", proved=False) is MailEnd.NOT_PROVED
    assert box.answers.sent == []
    assert box.meter.events == [("mail", "stranger"), ("mail", "not_proved")]


def test_a_letter_that_is_brought_again_is_not_obeyed_again(box: Mailbox) -> None:
    box.write("deny +79161112211", letter_id="<same>")
    assert box.write("deny +79161112211", letter_id="<same>") is MailEnd.REPEATED
    assert len(box.answers.sent) == 1


def test_roles_hold_by_mail_too(box: Mailbox) -> None:
    box.write("allow +79161112211", CLERK)
    assert box.write(f"confirm {box.answers.code()}", CLERK) is MailEnd.NOT_ALLOWED
    assert box.mode() is Mode.CHECK


def test_what_is_no_command_and_no_number_is_said_to_be_so(box: Mailbox) -> None:
    assert box.write("hello") is MailEnd.NO_COMMAND
    box.write("deny 12345")
    assert box.write(f"confirm {box.answers.code()}") is MailEnd.BAD_NUMBER


def test_a_reverify_is_said_to_be_done_only_where_it_was(box: Mailbox) -> None:
    box.write("reverify +79161112211: new SIM in the branch")
    assert box.write(f"confirm {box.answers.code()}") is MailEnd.DONE
    assert "Done" in box.answers.sent[-1][1]


def test_a_reverify_without_data_is_said_to_go_on(box: Mailbox) -> None:
    box.sim.script = [NoData.UNAVAILABLE]
    box.write("reverify +79161112211")
    assert box.write(f"confirm {box.answers.code()}") is MailEnd.PENDING
    assert "Done" not in box.answers.sent[-1][1]


def test_a_reverify_of_a_banned_sim_is_said_not_to_be_done(box: Mailbox) -> None:
    box.sim.banned = {NEW_SIM}
    box.write("reverify +79161112211")
    assert box.write(f"confirm {box.answers.code()}") is MailEnd.NOT_DONE
    assert "Not done. (SimBanned)" in box.answers.sent[-1][1]


def test_a_store_that_goes_away_meanwhile_is_not_told_as_done(box: Mailbox) -> None:
    def store_goes_away() -> None:
        box.store.away = True

    box.sim.meanwhile = store_goes_away
    box.write("reverify +79161112211")
    assert box.write(f"confirm {box.answers.code()}") is MailEnd.AWAY
    assert "write the command again" in box.answers.sent[-1][1]


def test_an_address_is_the_same_in_any_case(box: Mailbox) -> None:
    assert box.write("check +79161112211", LEAD.upper()) is MailEnd.ASKED


def test_the_store_holds_no_code_that_could_be_read_there(box: Mailbox, rig: StoreRig) -> None:
    box.write("deny +79161112211")
    code = box.answers.code().encode()
    everything = b"".join(key + rig.redis.dump(key) for key in rig.redis.scan_iter())
    assert code not in everything
    assert all(rig.redis.pttl(key) > 0 for key in rig.redis.scan_iter("{m}:mail_command:*"))


def test_a_waiting_command_that_was_forgotten_is_not_done(box: Mailbox, rig: StoreRig) -> None:
    box.write("deny +79161112211")
    rig.advance(1000)
    assert box.write(f"confirm {box.answers.code()}") is MailEnd.NO_SUCH_CODE
    assert replace(box.obey).people is box.obey.people
