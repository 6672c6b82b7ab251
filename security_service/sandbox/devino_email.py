"""Devino's e-mail service (Devino manual 14.6 and 14.8) and the mailboxes that its letters come to."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, jsonify

from security_service.sandbox.faults import FaultTarget
from security_service.sandbox.mailboxes import Mailbox, Mailboxes, MailboxState
from security_service.sandbox.messenger_wire import is_account, json_answer, json_members, members_of
from security_service.sandbox.switchboard import Switchboard

_MOST_IDS: Final = 150
_LARGEST_CHARACTERS: Final = 10 * 1024 * 1024
_LONGEST_ID: Final = 32
_ADDRESS: Final = re.compile(r"[^@\s<>,]{1,64}@[^@\s<>,]{1,190}")
_LINKS: Final = {
    "[Unsubscribe]": "http://unsubscribe.invalid/1",
    "[WebVersion]": "http://web-version.invalid/1",
}


class _WrongError(Exception):
    """A request that changes nothing; the words say why."""


class DevinoEmail:
    """Transactional letters and their states; access is by the Basic credentials of each request.

    The mailboxes themselves are open for everyone on this machine, as the guard decides.
    """

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._mailboxes = Mailboxes(switchboard.clock)

    def blueprint(self) -> Blueprint:
        """Give the routes; ids in paths are told apart by case, so paths are not folded."""
        blueprint = Blueprint("devino_email", __name__)
        for name in ("messages", "Messages"):
            path = f"/email/v2/{name}"
            blueprint.add_url_rule(path, f"send_{name}", self.send, methods=["POST"])
            blueprint.add_url_rule(f"{path}/<ids>", f"states_{name}", self.states)
        blueprint.add_url_rule("/mailboxes/<address>", view_func=self.show)
        blueprint.add_url_rule("/mailboxes/<address>/state", view_func=self.switch, methods=["POST"])
        return blueprint

    def send(self) -> Response:
        """Send a letter to each recipient (14.6)."""
        return self._answer(self._send)

    def states(self, ids: str) -> Response:
        """Tell the states of letters, their ids between commas (14.8)."""
        return self._answer(lambda: self._states(ids))

    def show(self, address: str) -> Response:
        """Give one mailbox: address, state, messages."""
        return jsonify(_mailbox_document(self._mailboxes.look(address)))

    def switch(self, address: str) -> Response:
        """Set whether a mailbox takes letters: `{"state": "gone"}`."""
        try:
            state = MailboxState(str((json_members() or {}).get("state")))
        except ValueError:
            response = jsonify({"error": f"state is one of {', '.join(MailboxState)}"})
            response.status_code = 400
            return response
        return jsonify(_mailbox_document(self._mailboxes.switch(address, state)))

    def _answer(self, carry_out: Callable[[], Response]) -> Response:
        def checked() -> Response:
            if not is_account(self._switchboard.sessions):
                return _envelope("validation_error", "Authorization required", 401)
            try:
                return carry_out()
            except _WrongError as error:
                return _envelope("validation_error", str(error), 400)

        return self._switchboard.faults.answer(
            FaultTarget.SMS, checked, lambda _fault: _envelope("internal_error", "internal error", 500)
        )

    def _send(self) -> Response:
        document = json_members()
        if document is None:
            raise _WrongError("the body is not a JSON object")
        sender, body = members_of(document.get("Sender")), members_of(document.get("Body"))
        subject, html, text = document.get("Subject"), body.get("Html", ""), body.get("PlainText", "")
        _demand("Sender.Address is not valid", holds=_is_address(sender.get("Address")))
        _demand("Sender.Name is required", holds=bool(sender.get("Name")))
        _demand("Subject is required", holds=isinstance(subject, str) and bool(subject))
        _demand(
            "Body is required", holds=isinstance(html, str) and isinstance(text, str) and bool(html or text)
        )
        _demand("Body is too large", holds=len(f"{subject}{html}{text}") <= _LARGEST_CHARACTERS)
        recipients = document.get("Recipients")
        rows = list(map(members_of, recipients)) if isinstance(recipients, list) else []
        _demand("Recipients are required", holds=bool(rows))
        for row in rows:
            _demand("Recipient.Address is not valid", holds=_is_address(row.get("Address")))
            _demand("Recipient.Name is required", holds=bool(row.get("Name")))
            _demand("RecipientId is too long", holds=len(str(row.get("RecipientId") or "")) <= _LONGEST_ID)
        letter = (str(subject), str(text), str(html))
        result = [self._deliver(index, row, sender, letter) for index, row in enumerate(rows)]
        return _envelope("ok", "ok", 201, result)

    def _deliver(
        self, index: int, row: dict[str, object], sender: dict[str, object], letter: tuple[str, str, str]
    ) -> dict[str, object]:
        message_id, address = f"M{secrets.token_hex(5)}", str(row["Address"])
        fields = {f"[{name}]": str(value) for name, value in members_of(row.get("MergeFields")).items()}
        subject, text, html = (_merged(part, {**fields, **_LINKS}) for part in letter)
        named = f"{sender['Name']} <{sender['Address']}>"
        self._mailboxes.deliver(message_id, address, subject, text, html, named)
        return {"Index": index, "Address": address, "MessageId": message_id, "Code": "ok"}

    def _states(self, ids: str) -> Response:
        asked = list(dict.fromkeys(ids.split(",")))
        _demand("too many ids", holds=len(asked) <= _MOST_IDS)
        rows = []
        for message_id in asked:
            found = self._mailboxes.arrived(message_id)
            if found is not None:
                address, arrived = found
                state = "Sent" if arrived is None else "Delivered" if arrived else "Bounced"
                rows.append({"MessageId": message_id, "Email": address, "State": state, "RecipientId": None})
        return _envelope("ok", "ok", 200, rows)


def _merged(text: str, fields: dict[str, str]) -> str:
    for tag, value in fields.items():
        text = text.replace(tag, value)
    return text


def _is_address(value: object) -> bool:
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def _demand(words: str, *, holds: bool) -> None:
    if not holds:
        raise _WrongError(words)


def _envelope(code: str, words: str, status: int, result: object = None) -> Response:
    document = {**({} if result is None else {"Result": result}), "Code": code, "Description": words}
    return json_answer(document, status)


def _mailbox_document(mailbox: Mailbox) -> dict[str, object]:
    return {
        "address": mailbox.address,
        "state": mailbox.state,
        "messages": [
            {
                "subject": letter.subject,
                "text": letter.text,
                "html": letter.html,
                "sender": letter.sender,
                "received_at": datetime.fromtimestamp(letter.received_at, UTC).isoformat(
                    timespec="milliseconds"
                ),
            }
            for letter in mailbox.letters
        ],
    }
