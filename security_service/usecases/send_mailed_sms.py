"""Take the SMS that a letter asks for (Devino manual, chapter 4); leaves letters to the listener."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.accounts import AccountRefusal, Face
from security_service.domain.mail import Letter, NotMailedSms, read_mailed_sms
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Chance, Meter
from security_service.domain.relay import NotTaken, Refusal, Submission, Taken
from security_service.domain.secret import MessageText
from security_service.usecases.sign_in_account import SignInAccount
from security_service.usecases.take_message import TakeMessage


@dataclass(frozen=True, slots=True)
class MailedSmsEnd:
    """How many messages were taken and refused; `again` where the letter should be brought again.

    `reason` is of the letter as a whole where nothing was taken, '' else.
    """

    taken: int
    refused: int
    reason: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class SendMailedSms:
    """One message a number, each through the gate; a letter that is brought again sends none twice."""

    sign_in: SignInAccount
    take: TakeMessage
    chance: Chance
    meter: Meter

    def run(self, letter: Letter, address: str) -> MailedSmsEnd:
        """Take what a letter asks for; `address` is the mail client's. Raises StoreUnavailable."""
        end = self._run(letter, address)
        self.meter.event("mailed_sms", end.reason or "taken")
        return end

    def _run(self, letter: Letter, address: str) -> MailedSmsEnd:
        read = read_mailed_sms(letter)
        if isinstance(read, NotMailedSms):
            return MailedSmsEnd(0, 0, read.value)
        entered = self.sign_in.by_password(read.login, read.password, Face.EMAIL, address)
        if isinstance(entered, AccountRefusal):
            return MailedSmsEnd(0, 0, entered.value, again=entered is AccountRefusal.WAIT)
        taken = refused = 0
        reason = ""
        for text in read.numbers:
            number = parse_msisdn(text, entered.tenant.region)
            if number is None:
                refused, reason = refused + 1, "number"
                continue
            given = Submission(
                entered.tenant,
                number,
                MessageText(read.text.reveal()),
                face="email",
                account=entered.account.login,
                sender=read.sender,
                token=f"mail {entered.account.login} {letter.id} {number.digits}" if letter.id else "",
            )
            outcome = self.take.run(given, self.chance.token())
            match outcome:
                case Taken():
                    taken += 1
                case NotTaken():
                    if outcome.reason in {Refusal.STORE_AWAY, Refusal.QUEUE_FULL, Refusal.OTHER_STORE}:
                        return MailedSmsEnd(taken, refused, outcome.reason.value, again=True)
                    refused, reason = refused + 1, outcome.reason.value
        return MailedSmsEnd(taken, refused, "" if taken else reason)
