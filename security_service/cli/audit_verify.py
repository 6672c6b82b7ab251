"""`audit verify`: check exported logs, proofs and packs offline; needs no settings and no store."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from security_service.cli.people import show
from security_service.domain import evidence
from security_service.domain.evidence import verify_pack
from security_service.domain.log_check import verify_log
from security_service.domain.log_file import lines_of
from security_service.domain.log_head import (
    CheckSignature,
    SignedHead,
    Unreadable,
    read_json,
    read_signed_head,
)
from security_service.domain.log_proofs import INCLUSION, verify_growth, verify_inclusion_file
from security_service.domain.log_verdict import Fault, FaultCode, Place, Proved
from security_service.links.signing import TrustedLogKeys

_CHUNK: Final = 1 << 20
_MOST_OF_A_PACK: Final = 256 << 20
"""Bytes of a proof or a pack at most: unlike a log they are read whole."""

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify")
@click.argument("file", type=_FILE)
@click.option(
    "--key", "keys", type=_FILE, multiple=True, required=True, help="Public key in PEM; repeat for more."
)
@click.option(
    "--heads", type=_FILE, multiple=True, help="File of published heads to compare; repeat for more."
)
@click.option("--whole", is_flag=True, help="Demand every event's text, from the first to the head.")
@click.option("--from", "old", type=_FILE, help="The older head; FILE is then a consistency proof.")
@click.option("--to", "new", type=_FILE, help="The newer head; FILE is then a consistency proof.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def verify(
    context: click.Context,
    file: Path,
    keys: Sequence[Path],
    heads: Sequence[Path],
    *,
    whole: bool,
    old: Path | None,
    new: Path | None,
    as_json: bool,
) -> None:
    """Verify FILE: an exported log, an inclusion proof, an evidence pack, or growth between two heads.

    Needs only the files and the public key. Exit code 1 and one sentence name the first fault.
    """
    if (old is None) != (new is None):
        raise click.UsageError("give both --from and --to, or neither")
    try:
        check = TrustedLogKeys([one.read_bytes() for one in keys]).check
    except ValueError as error:
        raise click.ClickException(f"--key: {error}") from None
    if old is not None and new is not None:
        result: Proved | Fault = _growth(file, old, new, check)
    else:
        result = _verified(file, heads, check, whole=whole)
    _tell(result, as_json=as_json)
    if isinstance(result, Fault):
        context.exit(1)


def _verified(file: Path, heads: Sequence[Path], check: CheckSignature, *, whole: bool) -> Proved | Fault:
    """Find out what a file is by its first line, and verify it as that."""
    with file.open("rb") as opened:
        beginning = opened.read(1 << 16)
    with ExitStack() as stack:
        published = _published(stack, heads)
        try:
            if b'"etalon":"audit-log"' in beginning.partition(b"\n")[0]:
                return verify_log(lines_of(_chunks(stack, file)), check, published, whole=whole)
            return _small(file, check, published)
        except Unreadable as error:
            return Fault(FaultCode.UNREADABLE, f"the file cannot be read: {error}")


def _small(file: Path, check: CheckSignature, published: Iterable[SignedHead]) -> Proved | Fault:
    """Verify a pack, or one inclusion proof a line."""
    if file.stat().st_size > _MOST_OF_A_PACK:
        return Fault(FaultCode.UNREADABLE, "the file is neither an exported log nor a proof")
    content = file.read_bytes()
    held = list(published)
    documents = (
        [read_json(content)] if _is_one(content) else [read_json(line) for line in content.splitlines()]
    )
    results: list[Proved] = []
    for document in documents:
        form = document.get("etalon") if isinstance(document, dict) else None
        if form == evidence.FORM:
            result = verify_pack(document, check, held)
        elif form == INCLUSION:
            result = verify_inclusion_file(document, check, held)
        else:
            sentence = "the file is no exported log, inclusion proof or evidence pack (growth: --from, --to)"
            return Fault(FaultCode.UNREADABLE, sentence)
        if isinstance(result, Fault):
            return result
        results.append(result)
    if len(results) == 1:
        return results[0]
    sentences = tuple(sentence for one in results for sentence in one.sentences)
    notes = tuple(dict.fromkeys(note for one in results for note in one.notes))
    return Proved(sentences, notes, {"kind": INCLUSION, "proofs": len(results)})


def _is_one(content: bytes) -> bool:
    try:
        read_json(content)
    except Unreadable:
        return False
    return True


def _growth(file: Path, old: Path, new: Path, check: CheckSignature) -> Proved | Fault:
    try:
        heads = [_one_head(path) for path in (old, new)]
        return verify_growth(heads[0], heads[1], read_json(file.read_bytes()), check)
    except Unreadable as error:
        return Fault(FaultCode.UNREADABLE, f"a file cannot be read: {error}")


def _one_head(path: Path) -> SignedHead:
    """The head in a file, the last one of a file of many."""
    content = path.read_bytes()
    return read_signed_head(content if _is_one(content) else (content.strip().splitlines() or [b""])[-1])


def _published(stack: ExitStack, paths: Sequence[Path]) -> Iterator[SignedHead]:
    """Heads of several files by size, read as they are needed."""
    streams = [_heads(stack, path) for path in paths]
    return heapq.merge(*streams, key=lambda signed: signed.head.size)


def _heads(stack: ExitStack, path: Path) -> Iterator[SignedHead]:
    """Heads of one file; a line that a crash of the publisher cut short is passed over with a warning."""
    for number, line in enumerate(lines_of(_chunks(stack, path)), start=1):
        if not line.strip():
            continue
        try:
            yield read_signed_head(line)
        except Unreadable:
            click.echo(f"note: line {number} of {path.name} is no head and was passed over", err=True)


def _chunks(stack: ExitStack, path: Path) -> Iterator[bytes]:
    opened = stack.enter_context(path.open("rb"))
    while chunk := opened.read(_CHUNK):
        yield chunk


def _tell(result: Proved | Fault, *, as_json: bool) -> None:
    if as_json:
        show(result.document())
        return
    if isinstance(result, Fault):
        where = _where(result.place)
        click.echo(f"FAULT: {result.sentence}{where}", err=True)
        return
    for sentence in result.sentences:
        click.echo(f"ok: {sentence}")
    for note in result.notes:
        click.echo(f"note: {note}")


def _where(place: Place) -> str:
    """The place of a fault, for those who look it up."""
    told = [
        f"{name} {value}"
        for name, value in (("leaf", place.leaf), ("shard", place.shard or None), ("seq", place.seq))
        if value is not None
    ]
    return f" [{', '.join(told)}]" if told else ""
