"""Devino's SMS over XML documents (Devino manual, chapter 6); leaves delivery to the handsets."""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from flask import Blueprint, Response, request
from lxml import etree

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import FaultTarget
from security_service.sandbox.segments import count_segments
from security_service.sandbox.submissions import Order, SmsState
from security_service.sandbox.switchboard import Switchboard

_MOST_ROWS: Final = 1000
_LONGEST_TEXT: Final = 2000
_DEFAULT_LIFE_S: Final = 2880 * 60
_MAX_REMEMBERED: Final = 50_000
_MOSCOW: Final = timezone(timedelta(hours=3))
_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")
_ID: Final = re.compile(r"[0-9]{1,18}")
_TAKEN: Final = 1
"""What both examples of the manual show for a message that was taken; it is in no table."""

_CODES: Final[dict[SmsState, int]] = {
    SmsState.QUEUED: 100,
    SmsState.SENT: 101,
    SmsState.DELIVERED: 102,
    SmsState.EXPIRED: 103,
    SmsState.ADDRESS_NOT_ALLOWED: 105,
    SmsState.REJECTED: 108,
}
_ERR_ID: Final = 201


class _DocumentError(Exception):
    """A document that is refused as a whole: a code of the first table in 6.4."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _MessageError(Exception):
    """A message that is refused: a code of the last table in 6.4."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class DevinoXml:
    """Sending and states; access is by the login and password in each document."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        # By the gateway's id: how many SMS a message took, and by the caller's id: the gateway's.
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._own_ids: OrderedDict[str, str] = OrderedDict()

    def blueprint(self) -> Blueprint:
        """Give the routes, in lower case."""
        blueprint = Blueprint("devino_xml", __name__, url_prefix="/xmlapi")
        blueprint.add_url_rule("/send.ashx", view_func=self.send, methods=["POST"])
        blueprint.add_url_rule("/statistics.ashx", view_func=self.statistics, methods=["POST"])
        return blueprint

    def send(self) -> Response:
        """Take messages, each with a code of its own (6.2)."""
        return self._answer("message", self._take)

    def statistics(self) -> Response:
        """Tell the states of up to 1000 messages (6.3)."""
        return self._answer("status", self._state)

    def _answer(
        self, part: str, carry_out: Callable[[etree._Element, etree._Element | None], etree._Element]
    ) -> Response:
        def checked() -> Response:
            try:
                listed = self._read(part)
                answer = etree.Element("package")
                told = etree.SubElement(answer, part)
                told.extend([carry_out(row, listed.find("default")) for row in listed.findall("msg")])
                return _package(answer)
            except _DocumentError as error:
                return _error(error.code)

        return self._switchboard.faults.answer(FaultTarget.SMS, checked, lambda _fault: _error(200))

    def _read(self, part: str) -> etree._Element:
        """Give the part of the document that was asked for, once its account is known."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(request.get_data(), parser)
        except (etree.XMLSyntaxError, ValueError):
            raise _DocumentError(201) from None
        doctype = root.getroottree().docinfo.doctype  # type: ignore[union-attr] # missing in the stubs
        if root.tag != "package" or doctype:
            raise _DocumentError(201)
        if not self._switchboard.sessions.admits(root.get("login", ""), root.get("password", "")):
            raise _DocumentError(202)
        listed = root.find(part)
        if listed is None or not 0 < len(listed.findall("msg")) <= _MOST_ROWS:
            raise _DocumentError(201)
        return listed

    def _take(self, row: etree._Element, default: etree._Element | None) -> etree._Element:
        sources = [row] if default is None else [default, row]
        given = {str(name): str(value) for source in sources for name, value in source.attrib.items()}
        own_id, text = given.get("id", ""), row.text or ""
        answer = etree.Element("msg", {"id": own_id} if own_id else {})
        count = count_segments(text)
        try:
            order = self._order(given, text)
        except _MessageError as error:
            answer.set("sms_id", "0")
            answer.set("sms_count", str(count))
            answer.text = str(error.code)
            return answer
        self._switchboard.handsets.accept([order])
        (sms_id,) = order.ids
        self._remember(sms_id, count, own_id)
        answer.set("sms_id", sms_id)
        answer.set("sms_count", str(count))
        answer.text = str(_TAKEN)
        return answer

    def _remember(self, sms_id: str, count: int, own_id: str) -> None:
        self._counts[sms_id] = count
        if own_id:
            self._own_ids[own_id] = sms_id
        while len(self._counts) > _MAX_REMEMBERED:
            self._counts.popitem(last=False)
        while len(self._own_ids) > _MAX_REMEMBERED:
            self._own_ids.popitem(last=False)

    def _order(self, given: dict[str, str], text: str) -> Order:
        if given.get("id") and not _ID.fullmatch(given["id"]):
            raise _MessageError(201)
        sender, number = given.get("sender", ""), parse_address(given.get("recipient", ""))
        if not _SENDER.fullmatch(sender):
            raise _MessageError(202)
        if number is None:
            raise _MessageError(203)
        if not 0 < len(text) <= _LONGEST_TEXT:
            raise _MessageError(204)
        if self._switchboard.settings.balance <= 0:
            raise _MessageError(206)
        now = self._switchboard.clock()
        begins = max(now, _moment(given.get("date_beg", ""), now))
        ends = _moment(given.get("date_end", ""), begins + _DEFAULT_LIFE_S)
        sms_id = str(10**9 + secrets.randbelow(8 * 10**9))
        return Order((sms_id,), number, text, sender, now, begins, ends)

    def _state(self, row: etree._Element, _default: etree._Element | None) -> etree._Element:
        own_id = row.get("id", "")
        sms_id = row.get("sms_id", "") or self._own_ids.get(own_id, "")
        answer = etree.Element("msg", {"id": own_id} if own_id else {})
        answer.set("sms_id", sms_id if sms_id in self._counts else "0")
        receipt = self._switchboard.handsets.receipt(sms_id)
        code = _CODES.get(receipt.state) if sms_id in self._counts else None
        if code is None:
            answer.text = str(_ERR_ID)
            return answer
        answer.set("sms_count", str(self._counts[sms_id]))
        if receipt.reported_at is not None:
            ended = datetime.fromtimestamp(receipt.reported_at, _MOSCOW).replace(tzinfo=None)
            answer.set("date_completed", ended.isoformat(timespec="seconds"))
        answer.text = str(code)
        return answer


def _moment(text: str, otherwise: float) -> float:
    """Read a date of ISO 8601; one without a zone is Moscow's."""
    if not text:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _DocumentError(201) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=_MOSCOW)).timestamp()


def _error(code: int) -> Response:
    answer = etree.Element("package")
    etree.SubElement(answer, "error").text = str(code)
    return _package(answer)


def _package(answer: etree._Element) -> Response:
    body = etree.tostring(answer, xml_declaration=True, encoding="utf-8")
    return Response(body, content_type="text/xml; charset=utf-8")
