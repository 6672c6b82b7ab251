"""`audit key`, `head`, `prove`, `consistency`, `evidence`: proofs out of the log; verifying stands apart."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NoReturn, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor, tenant_named
from security_service.domain.audit import Json, canonical
from security_service.usecases.make_evidence import EventAltered, EvidenceMade, NoSuchCode
from security_service.usecases.prove_log import LogExport, NoSuchPart
from security_service.usecases.seal_log import LogAltered, NoSigningKey, NothingToSeal, Sealed
from security_service.wiring import Service, build_signer

_OUT: Final = click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; standard output else.",
)


@click.command("key")
@settings_options
def key(sources: Sources) -> None:
    """Print the public key that verifies heads of the log, with its id."""
    signer = build_signer(sources.settings())
    if signer is None:
        raise click.ClickException("archive.signing_key is not set: heads of the log are not signed")
    click.echo(f"key id {signer.key_id}", err=True)
    click.echo(signer.public_pem(), nl=False)


@click.command("head")
@settings_options
def head(sources: Sources) -> None:
    """Seal what the archive holds now and print the signed head as JSON."""
    outcome = sources.service(sources.stored()).sealing.seal.seal()
    if isinstance(outcome, NoSigningKey):
        click.echo("archive.signing_key is not set: this head is not signed", err=True)
        click.echo(canonical({"head": outcome.head.members(), "key": "", "signature": ""}))
    elif isinstance(outcome, Sealed):
        click.echo(outcome.signed.line())
    else:
        _refuse(outcome)


@click.command("prove")
@click.argument("what", metavar="LEAF|CODE_ID")
@click.option("--tenant", help="Whose code it is; the home tenant else.")
@_OUT
@settings_options
def prove(sources: Sources, what: str, tenant: str | None, out: Path | None) -> None:
    """Write the proof that leaf LEAF, or each event of code CODE_ID, is in the log."""
    settings = sources.stored()
    service = sources.service(settings)
    if what.isdecimal() and len(what) < 19:
        found = service.sealing.prove.inclusion(int(what))
        proofs = [found] if isinstance(found, dict) else found
    else:
        proofs = service.sealing.prove.of_code(tenant_named(service.tenants, settings, tenant).id, what)
    if not isinstance(proofs, list):
        _refuse(proofs)
    _write(out, (_line(proof) for proof in proofs))


@click.command("consistency")
@click.argument("old_size", type=click.IntRange(1))
@_OUT
@settings_options
def consistency(sources: Sources, old_size: int, out: Path | None) -> None:
    """Write the proof that the log of the newest head begins with its first OLD_SIZE events."""
    proof = sources.service(sources.stored()).sealing.prove.consistency(old_size)
    if not isinstance(proof, dict):
        _refuse(proof)
    _write(out, [_line(proof)])


@click.command("evidence")
@click.argument("code_id")
@click.option("--tenant", help="Whose code it is; the home tenant else.")
@_OUT
@settings_options
def evidence(sources: Sources, code_id: str, tenant: str | None, out: Path | None) -> None:
    """Write the evidence pack of one code: what was asked, decided, sent, entered, by whom overridden."""
    settings = sources.stored()
    service = sources.service(settings)
    owner = tenant_named(service.tenants, settings, tenant)
    outcome = service.sealing.evidence.run(owner.id, code_id, actor())
    if not isinstance(outcome, EvidenceMade):
        _refuse(outcome)
    _write(out, [outcome.pack])
    click.echo(f"{outcome.events} events of code {code_id}", err=True)


def export_proved(service: Service, out: Path, leaves: str) -> None:
    """Write the log, or leaves `FIRST:END` of it, to a file that verifies by itself.

    The file is whole or not there: it bears its name only once all of it is on the disk.
    """
    first, _, end = leaves.partition(":")
    if leaves and not (first.isdecimal() and end.isdecimal()):
        raise click.UsageError("leaves are named as FIRST:END, END exclusive, counted from 0")
    outcome = service.sealing.prove.export(actor(), int(first or 0), int(end) if end else None)
    if not isinstance(outcome, LogExport):
        _refuse(outcome)
    _write(out, outcome.lines)
    click.echo(f"{outcome.header.end - outcome.header.first} leaves written to {out}", err=True)


def _line(document: dict[str, Json]) -> bytes:
    return f"{canonical(document)}\n".encode()


def _write(out: Path | None, lines: Iterable[bytes]) -> None:
    if out is None:
        for line in lines:
            click.echo(line, nl=False)
        return
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        # What is in it is personal data: its owner alone may read it.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _refuse(
    outcome: NothingToSeal | NoSigningKey | LogAltered | NoSuchPart | NoSuchCode | EventAltered,
) -> NoReturn:
    """Say why there is no proof."""
    match outcome:
        case NothingToSeal():
            sentence = "the archive holds no events yet"
        case NoSigningKey():
            sentence = "archive.signing_key is not set: nothing can be signed"
        case LogAltered():
            sentence = (
                f"the archive is not the log whose head of {outcome.size} events was signed: it was altered"
            )
        case NoSuchPart():
            sentence = f"the log has no such part; it has {outcome.size} leaves under its newest head"
        case NoSuchCode():
            sentence = "the archive holds no decision about such a code of this tenant"
        case EventAltered():
            sentence = f"leaf {outcome.leaf} in the archive is not the event that was sealed: it was altered"
        case _:
            assert_never(outcome)
    raise click.ClickException(sentence)


PROOFS: Final = (key, head, prove, consistency, evidence)
"""The commands that stand in the group `audit` beside reading."""
