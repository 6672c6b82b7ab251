from __future__ import annotations

from security_service.sandbox.mailboxes import Mailboxes, MailboxState
from tests.sandbox.rig import START, Clock

ADDRESS = "ivan@client.example"


def delivered(mailboxes: Mailboxes, message_id: str, text: str = "x") -> None:
    mailboxes.deliver(message_id, ADDRESS, "subject", text, "", "bank@bank.example")


def test_a_mailbox_keeps_the_latest_letters() -> None:
    mailboxes = Mailboxes(Clock())
    for number in range(60):
        delivered(mailboxes, str(number), str(number))
    letters = mailboxes.look(ADDRESS.upper()).letters
    assert [letter.text for letter in letters] == [str(number) for number in range(10, 60)]
    assert letters[0].received_at == START


def test_a_letter_is_on_its_way_at_the_first_question() -> None:
    mailboxes = Mailboxes(Clock())
    delivered(mailboxes, "1")
    mailboxes.switch(ADDRESS, MailboxState.GONE)
    delivered(mailboxes, "2")
    answers = [[mailboxes.arrived(one) for _ in range(2)] for one in ("1", "2", "3")]
    assert answers == [[(ADDRESS, None), (ADDRESS, True)], [(ADDRESS, None), (ADDRESS, False)], [None, None]]


def test_a_mailbox_that_nothing_happened_to_is_open_and_empty() -> None:
    mailbox = Mailboxes(Clock()).look(ADDRESS)
    assert (mailbox.state, mailbox.letters) == (MailboxState.OPEN, ())
