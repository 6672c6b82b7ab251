"""Obey commands by e-mail of people who are allowed, once they confirm; everything else is counted alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from security_service.domain.errors import StoreUnavailable
from security_service.domain.mail import (
    Answers,
    Letter,
    MailCommand,
    MailDeed,
    MailPerson,
    PendingCommand,
    PendingCommands,
    read_command,
    read_confirmation,
)
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Chance, Meter, Tenants
from security_service.domain.subscriber import Mode
from security_service.usecases.actions import Action, RecordKeepsMoving, SimBanned
from security_service.usecases.candidates import UnknownCandidate
from security_service.usecases.four_eyes import FourEyes, NotAllowed, Proposed
from security_service.usecases.reverify import (
    AskOutcome,
    Reverified,
    ReverifyConflict,
    ReverifyPending,
    ReverifyRequest,
)
from security_service.usecases.set_mode import ModeChange, ModeConflict, ModeFault, ModeOutcome, ModeSet

_CODE_LENGTH: Final = 16

_Outcome = AskOutcome | ModeOutcome | Proposed | NotAllowed


class MailEnd(StrEnum):
    """What became of a letter; the word is a label of the metrics."""

    STRANGER = "stranger"
    NOT_PROVED = "not_proved"
    REPEATED = "repeated"
    NO_COMMAND = "no_command"
    BAD_NUMBER = "bad_number"
    ASKED = "asked"
    NO_SUCH_CODE = "no_such_code"
    DONE = "done"
    PENDING = "pending"
    NOT_DONE = "not_done"
    PROPOSED = "proposed"
    NOT_ALLOWED = "not_allowed"
    AWAY = "store_away"


@dataclass(frozen=True, slots=True)
class ObeyMail:
    """A letter is a wish; the answer to it asks for a one-time confirmation by the same proved address.

    Nobody is answered but an allowed sender whose DKIM signature holds, so that a forged From makes no
    letters of ours. Deeds go through four eyes like those of every face (design, section 3).
    """

    people: Mapping[str, MailPerson]
    pending: PendingCommands
    answers: Answers
    four_eyes: FourEyes
    tenants: Tenants
    chance: Chance
    meter: Meter

    def run(self, letter: Letter) -> MailEnd:
        """Deal with one letter; raises StoreUnavailable, and then the letter may be brought again."""
        end = self._run(letter)
        self.meter.event("mail", end.value)
        return end

    def _run(self, letter: Letter) -> MailEnd:
        sender = letter.sender.casefold()
        person = self.people.get(sender)
        if person is None:
            return MailEnd.STRANGER
        if not letter.proved:
            return MailEnd.NOT_PROVED
        if not self.pending.is_new(f"{sender} {letter.id}"):
            return MailEnd.REPEATED
        code = read_confirmation(letter)
        if code:
            return self._confirmed(letter, sender, person, code)
        command = read_command(letter)
        if command is None:
            self.answers.answer(letter, _NO_COMMAND)
            return MailEnd.NO_COMMAND
        return self._asked(letter, sender, command)

    def _asked(self, letter: Letter, sender: str, command: MailCommand) -> MailEnd:
        code = self.chance.token()[:_CODE_LENGTH]
        self.pending.keep(code, PendingCommand(sender, command))
        self.answers.answer(letter, _ASK.format(deed=command.deed.value, number=_masked(command), code=code))
        return MailEnd.ASKED

    def _confirmed(self, letter: Letter, sender: str, person: MailPerson, code: str) -> MailEnd:
        waiting = self.pending.take(code)
        if waiting is None or waiting.sender != sender:
            self.answers.answer(letter, _NO_SUCH_CODE)
            return MailEnd.NO_SUCH_CODE
        tenant = self.tenants.get(person.tenant)
        number = None if tenant is None else parse_msisdn(waiting.command.number, tenant.region)
        if tenant is None or number is None:
            self.answers.answer(letter, _BAD_NUMBER)
            return MailEnd.BAD_NUMBER
        request_id = self.chance.token()
        action = Action(tenant, number, f"mail:{sender}", waiting.command.reason, request_id, person.roles)
        end, words = self._done(action, waiting.command)
        self.answers.answer(letter, words)
        return end

    def _done(self, action: Action, command: MailCommand) -> tuple[MailEnd, str]:
        """Do the deed; a store that goes away meanwhile is said to be so, for the confirmation is spent."""
        try:
            return _told(self._do(action, command))
        except StoreUnavailable:
            return MailEnd.AWAY, _AWAY

    def _do(self, action: Action, command: MailCommand) -> _Outcome:
        if command.deed is MailDeed.REVERIFY:
            return self.four_eyes.reverify(action, ReverifyRequest())
        return self.four_eyes.set_mode(action, ModeChange(Mode(command.deed.value)))


def _told(outcome: _Outcome) -> tuple[MailEnd, str]:
    """Say "done" of nothing but what was done (design, section 7)."""
    match outcome:
        case ModeSet() | Reverified():
            return MailEnd.DONE, _DONE.format(outcome=type(outcome).__name__)
        case ReverifyPending():
            return MailEnd.PENDING, _PENDING
        case Proposed():
            return MailEnd.PROPOSED, _PROPOSED.format(id=outcome.id)
        case NotAllowed():
            return MailEnd.NOT_ALLOWED, _NOT_ALLOWED
        case (
            ReverifyConflict()
            | SimBanned()
            | UnknownCandidate()
            | ModeFault()
            | ModeConflict()
            | RecordKeepsMoving()
        ):
            return MailEnd.NOT_DONE, _NOT_DONE.format(outcome=type(outcome).__name__)
    assert_never(outcome)


def _masked(command: MailCommand) -> str:
    digits = "".join(character for character in command.number if character.isdigit())
    return f"***{digits[-4:]}"


_ASK: Final = """{deed} {number}?

Чтобы это было сделано, ответьте на это письмо одной строкой:
To have it done, answer this letter with this one line:

confirm {code}

Действует 15 минут. / Good for 15 minutes.
"""
_NO_COMMAND: Final = """Команда не распознана. / No command was recognised.

reverify +79161112211: reason
allow | deny | check +79161112211: reason
"""
_NO_SUCH_CODE: Final = (
    "Такого подтверждения нет или его время вышло. / There is no such confirmation any more.\n"
)
_BAD_NUMBER: Final = "Номер не распознан. / The number is not valid.\n"
_PROPOSED: Final = "Ждёт второго человека: предложение {id}. / Waits for a second person: proposal {id}.\n"
_NOT_ALLOWED: Final = "Ваша роль этого не позволяет. / Your role does not allow this.\n"
_DONE: Final = "Сделано. / Done. ({outcome})\n"
_PENDING: Final = "Данных о SIM пока нет, попытки продолжаются. / No data on the SIM yet; it goes on.\n"
_NOT_DONE: Final = "Не сделано. / Not done. ({outcome})\n"
_AWAY: Final = (
    "Не подтверждено: хранилище недоступно, напишите команду снова. / "
    "Not known to be done: the store is away, write the command again.\n"
)
