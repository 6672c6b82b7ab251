"""A code goes over SMPP: the all-in-one starts the process of the sessions, and its receipt arrives."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

from security_service.links.smpp.bodies import MessageBody
from tests.e2e.all_in_one import AllInOne, Running, callers_of
from tests.e2e.callers import new_number
from tests.e2e.waiting import wait_for
from tests.links.smpp.smsc import Session, Smsc

_CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")


def over_smpp(data: Path, port: int) -> AllInOne:
    """The all-in-one with an SMS centre on loopback as its only gateway."""
    settings = {"KIND": "smpp", "HOST": "127.0.0.1", "PORT": str(port), "TLS": "false"}
    account = {"SYSTEM_ID": "bank", "PASSWORD": "hunter2", "ENCODING": "ucs2"}
    return AllInOne(
        data, {f"ETALON_GATEWAYS__SMS__{name}": text for name, text in {**settings, **account}.items()}
    )


def sent_and_checked(running: Running, smsc: Smsc) -> None:
    def sent() -> str:
        number = new_number()
        return number if running.bank.generate(number).code == 0 else ""

    number = wait_for("a code that is sent", sent)
    text = smsc.texts[-1].decode("utf-16-be")
    found = _CODE.search(text)
    assert found is not None
    assert running.bank.check(number, found[0]).code == 0
    receipt = wait_for("its receipt", lambda: running.team.events(number=number, kind="receipt"))[0]
    assert receipt["facts"]["state"] == "delivered"
    assert running.program.child("gateways") is not None


def test_a_code_goes_out_through_the_process_of_the_sessions_and_its_receipt_comes_back(
    tmp_path: Path,
) -> None:
    def deliver(session: Session, _message: MessageBody, message_id: str) -> None:
        smsc.deliver(f"id:{message_id} stat:DELIVRD err:000", session)

    smsc = Smsc()
    smsc.on_message = deliver

    def use(program: AllInOne) -> None:
        try:
            program.start_and_wait()
            with callers_of(program) as running:
                sent_and_checked(running, smsc)
            assert program.stop() == 0
        finally:
            program.end()
            shutil.rmtree(program.data, ignore_errors=True)

    async def scenario() -> None:
        async with smsc:
            await asyncio.to_thread(use, over_smpp(tmp_path / "data", smsc.port))

    asyncio.run(scenario())
