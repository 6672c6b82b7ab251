"""`gateway` and `lookup`: try one provider live and tell what it says; leaves routing and the gate aside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, Protocol, assert_never, runtime_checkable

import click

from security_service.cli.options import Sources, settings_options
from security_service.domain.imsi import is_whole_imsi
from security_service.domain.lookup import LookupAnswer, Reachable, SimNotSeen, SimSeen, SwapDated
from security_service.domain.messages import (
    Accepted,
    Balance,
    BalanceAnswer,
    Message,
    NoBalance,
    NoReceipt,
    Receipt,
    Urgency,
)
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Gateway, SimLookup
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.smsc import SmscSettings
from security_service.links.smsc import (
    SenderCreated,
    SenderNames,
    SendersRefused,
    SmscLink,
    SmscSenders,
)
from security_service.usecases.check_sim import outcome_token as lookup_token
from security_service.usecases.deliver import outcome_token
from security_service.usecases.receive_push import callback_token

_WITHIN_S: Final = 15.0
_LIFE_S: Final = 300
_ASK_EVERY_S: Final = 2.0
_REGION = click.option("--region", default="RU", show_default=True, help="Region the number is read in.")


@runtime_checkable
class HasBalance(Protocol):
    """A gateway whose provider tells what is left on the account."""

    def balance(self, within_s: float) -> BalanceAnswer:
        """Ask within `within_s` seconds in all."""
        ...


@click.group()
def gateway() -> None:
    """List the gateways, and try one of them."""


@gateway.command("list")
@settings_options
def list_gateways(sources: Sources) -> None:
    """List the gateways in their order: name, kind, channel, and where its provider brings receipts."""
    settings = sources.stored()
    outward = sources.service(settings).outward
    ring = settings.keys.api_ring
    for entry in settings.gateways:
        one = outward.gateways[entry.name]
        line = f"{entry.name}  {entry.kind}  {one.channel.value}"
        if entry.name in outward.readers or entry.name in outward.reply_readers:
            line += f"  /callbacks/{entry.name}/{callback_token(ring, ring.newest, entry.name)}"
        click.echo(line)


@gateway.command("test")
@settings_options
@click.argument("name")
@click.option("--to", "number", required=True, help="The number that gets the message.")
@click.option("--email", default="", help="The address, for gateways that send e-mail.")
@click.option("--sender", default="ETALON", show_default=True)
@click.option("--text", default="Etalon: test message.", show_default=True)
@click.option("--wait", default=30, show_default=True, help="Seconds to wait for the receipt; 0: not at all.")
@_REGION
def test_gateway(
    sources: Sources, name: str, number: str, email: str, sender: str, text: str, wait: int, region: str
) -> None:
    """Send one message through the gateway NAME, past route and gate, and tell what became of it."""
    one = _gateway(sources, name)
    to = _number(number, region)
    address = Secret(email) if email else None
    message = Message(to, MessageText(text), sender, _LIFE_S, "gateway-test", Urgency.NOTICE, address)
    began = time.monotonic()
    outcome = one.send(message, _WITHIN_S)
    click.echo(f"{name} to {to.masked}: {outcome_token(outcome)} after {_since(began)}")
    if not isinstance(outcome, Accepted):
        raise click.exceptions.Exit(1)
    click.echo(f"message ids: {' '.join(outcome.message_ids)}")
    for line in _receipts(one, outcome, wait):
        click.echo(line)


@gateway.command("balance")
@settings_options
@click.argument("name")
def show_balance(sources: Sources, name: str) -> None:
    """Ask what is left on the account of the gateway NAME."""
    one = _gateway(sources, name)
    if not isinstance(one, HasBalance):
        raise click.ClickException(f"the provider of {name} tells no balance")
    answer = one.balance(_WITHIN_S)
    match answer:
        case Balance():
            click.echo(str(answer.amount))
        case NoBalance():
            raise click.ClickException(f"{name} gave no balance: {answer.reason}")
        case _:
            assert_never(answer)


@gateway.command("senders")
@settings_options
@click.argument("name")
@click.option("--create", "new_name", default="", help="Register this sender name.")
@click.option("--comment", default="", help="What it is for, told to the provider's people.")
def senders(sources: Sources, name: str, new_name: str, comment: str) -> None:
    """List the sender names of the SMSC gateway NAME with their states, or register one."""
    entry = next((one for one in sources.stored().gateways if one.name == name), None)
    if entry is None or not isinstance(entry.settings, SmscSettings):
        raise click.ClickException(f"there is no SMSC gateway {name}; `gateway list` names them")
    names = SmscSenders(SmscLink(entry.settings))
    answer = names.create(new_name, comment, _WITHIN_S) if new_name else names.list(_WITHIN_S)
    match answer:
        case SenderNames():
            for one in answer.names:
                click.echo(f"{one.name}  {one.state.value}")
        case SenderCreated():
            click.echo(f"{new_name}  registered as {answer.id}")
        case SendersRefused():
            raise click.ClickException(f"{name} refused: {answer.reason}")
        case _:
            assert_never(answer)


@click.command()
@settings_options
@click.argument("number")
@click.option("--source", default="", help="Ask this source only.")
@_REGION
def lookup(sources: Sources, number: str, source: str, region: str) -> None:
    """Ask every lookup source, or one, whose SIM NUMBER has now; never shows an IMSI."""
    lookups = sources.service(sources.stored()).outward.lookups
    asked = [one for name, one in lookups.items() if source in {"", name}]
    if not asked:
        raise click.ClickException(f"there is no lookup {source}; there are: {', '.join(lookups) or 'none'}")
    to = _number(number, region)
    for one in asked:
        for line in _report(one, to):
            click.echo(line)


def _gateway(sources: Sources, name: str) -> Gateway:
    one = sources.service(sources.stored()).outward.gateways.get(name)
    if one is None:
        raise click.ClickException(f"there is no gateway {name}; `gateway list` names them")
    return one


def _number(text: str, region: str) -> Msisdn:
    number = parse_msisdn(text, region)
    if number is None:
        raise click.UsageError(f"{text} is not a number of {region}, nor one with its country code")
    return number


def _receipts(one: Gateway, accepted: Accepted, wait_s: int) -> Iterator[str]:
    """Ask for the receipt of each segment until it is final or the wait is over."""
    ends = time.monotonic() + wait_s
    for message_id in accepted.message_ids:
        last = ""
        while (left := ends - time.monotonic()) > 0:
            answer = one.receipt(message_id, min(left, _WITHIN_S))
            match answer:
                case Receipt():
                    told = f"{message_id}: {answer.state.value} ({answer.provider_code})"
                case NoReceipt():
                    told = f"{message_id}: no receipt ({answer.reason})"
                case _:
                    assert_never(answer)
            if told != last:
                yield told
                last = told
            if isinstance(answer, Receipt) and answer.state.is_final:
                break
            time.sleep(min(_ASK_EVERY_S, max(ends - time.monotonic(), 0.0)))


def _report(one: SimLookup, number: Msisdn) -> Iterator[str]:
    began = time.monotonic()
    answer = one.find(number, _WITHIN_S)
    yield f"{one.name}: {number.masked} {lookup_token(answer)} after {_since(began)}"
    for name, value in _facts(answer):
        if value not in {"", "None"}:
            yield f"  {name:<12} {value}"


def _facts(answer: LookupAnswer) -> list[tuple[str, str]]:
    """What an answer says besides the IMSI, of which only the form is told."""
    match answer:
        case SimSeen():
            is_whole = answer.representation != "imsi" or is_whole_imsi(answer.imsi.reveal())
            return [
                ("imsi", "whole" if is_whole else "masked, truncated or a sentinel: cannot be trusted"),
                ("form", answer.representation),
                ("liveness", answer.liveness.value),
                ("operator", answer.mcc_mnc),
                ("switch", answer.msc),
                ("country", answer.country),
                ("roaming", str(answer.roaming)),
                ("swapped at", str(answer.swapped_at)),
            ]
        case SimNotSeen():
            return [
                ("detail", answer.detail),
                ("operator", answer.mcc_mnc),
                ("country", answer.country),
            ]
        case Reachable():
            return [("operator", answer.operator), ("country", answer.country)]
        case SwapDated():
            return [
                ("earliest", str(answer.earliest)),
                ("latest", str(answer.latest)),
                ("monitored", f"{answer.monitored_days} days"),
            ]
        case _:
            assert_never(answer)


def _since(began: float) -> str:
    return f"{round((time.monotonic() - began) * 1000)} ms"
