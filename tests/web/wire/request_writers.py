"""Writes requests as clients do, one writer a format, apart from the codecs that are tested with them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlencode

from lxml import etree

Members: TypeAlias = Mapping[str, str | list[str]]

_ARRAYS: Final = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"


def json_body(members: Members, operation: str) -> bytes:
    del operation
    return json.dumps(members).encode()


def xml_body(members: Members, operation: str) -> bytes:
    root = etree.Element(f"{{http://example.test/contract}}{operation}")
    for name, value in members.items():
        member = etree.SubElement(root, f"{{http://example.test/contract}}{name}")
        if isinstance(value, str):
            member.text = value
        else:
            for item in value:
                etree.SubElement(member, f"{{{_ARRAYS}}}string").text = item
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _jsv_text(text: str) -> str:
    if any(sign in text for sign in '[]{},"') or text == "":
        return '"' + text.replace('"', '""') + '"'
    return text


def jsv_body(members: Members, operation: str) -> bytes:
    del operation
    written = []
    for name, value in members.items():
        text = _jsv_text(value) if isinstance(value, str) else f"[{','.join(map(_jsv_text, value))}]"
        written.append(f"{name}:{text}")
    return f"{{{','.join(written)}}}".encode()


def csv_body(members: Members, operation: str) -> bytes:
    del operation
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(members)
    writer.writerow([v if isinstance(v, str) else f"[{','.join(v)}]" for v in members.values()])
    return out.getvalue().encode()


def form_body(members: Members, operation: str) -> bytes:
    del operation
    return urlencode({k: v if isinstance(v, str) else ",".join(v) for k, v in members.items()}).encode()


WRITERS: Final[Mapping[str, Callable[[Members, str], bytes]]] = {
    "json": json_body,
    "xml": xml_body,
    "jsv": jsv_body,
    "csv": csv_body,
    "form": form_body,
}
