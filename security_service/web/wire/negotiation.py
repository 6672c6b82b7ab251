"""Which format a request is in and which its answer goes out in, from what the client said about them.

Pure: paths and headers come in as text. Leaves routes and HTTP to the face.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

from security_service.web.wire.codec import Codec, RequestCodec
from security_service.web.wire.csv_codec import CsvCodec
from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.form_codec import FormCodec
from security_service.web.wire.json_codec import JsonCodec
from security_service.web.wire.jsv_codec import JsvCodec
from security_service.web.wire.xml_codec import XmlCodec

JSON: Final = JsonCodec()
XML: Final = XmlCodec()
JSV: Final = JsvCodec()
CSV: Final = CsvCodec()
FORM: Final = FormCodec()

_ALL: Final[tuple[Codec, ...]] = (JSON, XML, JSV, CSV)
CODECS: Final[Mapping[str, Codec]] = MappingProxyType({codec.name: codec for codec in _ALL})
"""The formats by their names in paths, suffixes and `?format=`."""

_BY_MEDIA_TYPE: Final[Mapping[str, Codec]] = MappingProxyType(
    {media_type: codec for codec in _ALL for media_type in codec.media_types}
)
_MAX_RANGES: Final = 32
_QUALITY: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """What a client said of formats: `/json/reply/GenerateCode`, `?format=json`, `.json`, and two headers."""

    path_format: str | None = None
    query_format: str | None = None
    suffix: str | None = None
    content_type: str | None = None
    accept: str | None = None


def request_codec(asked: Asked, body: bytes) -> RequestCodec:
    """Choose the format to read a body in; raise `WireFault` (102, 112).

    A content type that names a format is a statement about the body and decides; path, query and suffix (in
    this order) decide where there is none. Nothing said at all is taken for JSON if it looks like it.
    """
    named = _named(asked)
    media_type = _media_type(asked.content_type)
    codec = _BY_MEDIA_TYPE.get(media_type)
    if codec is not None:
        return codec
    if media_type in FORM.media_types:
        return _of_labelled_form(named, body)
    if media_type:
        raise WireFault(FaultCode.WRONG_CONTENT_TYPE)
    if named is not None:
        return named
    if _start(body) == b"{":
        return JSON
    raise WireFault(FaultCode.WRONG_CONTENT_TYPE)


def answer_codec(asked: Asked) -> Codec:
    """Choose the format to answer in, whatever is wrong with the request: path, query, suffix, `Accept`.

    Where these name none that is known, the answer goes out in the request's format, else in JSON.
    """
    for name in (asked.path_format, asked.query_format, asked.suffix):
        codec = CODECS.get(name.lower()) if name else None
        if codec is not None:
            return codec
    fallback = _BY_MEDIA_TYPE.get(_media_type(asked.content_type), JSON)
    if not asked.accept or asked.accept == "*/*":
        return fallback
    return _BY_MEDIA_TYPE.get(asked.accept) or _accepted(asked.accept, fallback)


def _named(asked: Asked) -> Codec | None:
    """Give the format that path, query or suffix name; raise `WireFault` 112 if one of them names another."""
    named = None
    for name in (asked.path_format, asked.query_format, asked.suffix):
        if name:
            codec = CODECS.get(name.lower())
            if codec is None:
                raise WireFault(FaultCode.UNKNOWN_FORMAT)
            named = named or codec
    return named


def _of_labelled_form(named: Codec | None, body: bytes) -> RequestCodec:
    """Choose the format of a body that came under the content type of forms.

    `curl -d` puts that label on whatever it sends, and the manual's examples are mostly tried with a bare
    `curl -d '{...}'`. No form with our members begins with a brace or an angle bracket or goes over two
    lines, so nothing is lost.
    """
    match _start(body):
        case b"{":
            return JSV if named is JSV else JSON
        case b"<":
            return XML
        case _:
            return CSV if named is CSV and b"\n" in body.strip() else FORM


def _start(body: bytes) -> bytes:
    """Give the first byte of a body behind a byte order mark and white space."""
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]


def _media_type(header: str | None) -> str:
    """Give the media type of a header in lower case without its parameters, empty if there is none."""
    return header.partition(";")[0].strip().lower() if header else ""


def _accepted(accept: str, fallback: Codec) -> Codec:
    """Choose by `Accept` (RFC 9110, 12.5.1): quality, then the closer range, then the earlier one.

    Formats that the same range asks for are equal to the client: the request's own is then preferred. A
    header that accepts none of them gets `fallback`: an answer in a strange format says more than none.
    """
    ranges = _ranges(accept)
    best, best_rank = fallback, (0.0, 0, 0)
    for codec in (fallback, *_ALL):
        rank = _rank(codec, ranges)
        if rank[0] > 0 and rank > best_rank:
            best, best_rank = codec, rank
    return best


def _ranges(accept: str) -> dict[str, tuple[float, int]]:
    """Give the media ranges of an `Accept` header with quality and place; what is misspelt is left out."""
    ranges: dict[str, tuple[float, int]] = {}
    for place, part in enumerate(accept.split(",", _MAX_RANGES)[:_MAX_RANGES]):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((item[2:] for item in parameters if item.startswith("q=")), "1")
        if _QUALITY.fullmatch(quality):
            ranges.setdefault(media_range, (float(quality), -place))
    return ranges


def _rank(codec: Codec, ranges: Mapping[str, tuple[float, int]]) -> tuple[float, int, int]:
    """Rank a format by the closest range that holds it: quality, closeness, place; all 0 if none does.

    A format may be asked for by any of its media types, but a wildcard means the one it is answered with.
    """
    exact = [ranges[media_type] for media_type in codec.media_types if media_type in ranges]
    if exact:
        quality, place = max(exact)
        return quality, 2, place
    kind = codec.media_types[0].partition("/")[0]
    for closeness, media_range in ((1, f"{kind}/*"), (0, "*/*")):
        if media_range in ranges:
            quality, place = ranges[media_range]
            return quality, closeness, place
    return 0.0, 0, 0
