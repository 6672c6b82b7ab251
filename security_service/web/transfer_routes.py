"""The part of the management API's table that is about many subscribers at once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from security_service.domain.access import Role
from security_service.web.route import DECIDE, READ, Route
from security_service.web.services import WebServices
from security_service.web.transfer_schemas import (
    BulkBeginSchema,
    BulkListSchema,
    BulkMarkSchema,
    BulkSchema,
    CsvSchema,
    ImportListSchema,
    ImportSchema,
    ImportWishSchema,
    RefusedFilterSchema,
    RefusedPageSchema,
)
from security_service.web.transfer_views import TransferViews

_EXPORT: Final = frozenset({Role.LEAD, Role.AUDITOR})
_UNKNOWN: Final = {HTTPStatus.NOT_FOUND: "The tenant has none of that id"}
_IMPORT: Final = {
    HTTPStatus.CONFLICT: "The id is taken, or a second person would have to approve; the type says why",
    HTTPStatus.LENGTH_REQUIRED: "The length of the body is not told",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The file is larger than 4 GiB",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not text/csv",
}
_BEGIN: Final = {HTTPStatus.CONFLICT: "A second person would have to approve each of them"}
_MARK: Final = {**_UNKNOWN, HTTPStatus.CONFLICT: "It is over, or so already"}


def transfer_routes(services: WebServices) -> tuple[Route, ...]:
    """Give these routes."""
    views = TransferViews(services)
    run, bulk = "/imports/<run>", "/bulk-reverifications"
    return (
        Route(
            "take_import", "POST", "/imports", views.take, DECIDE, ImportSchema, ImportWishSchema, _IMPORT,
            streams=True,
        ),
        Route("list_imports", "GET", "/imports", views.imports, READ, ImportListSchema),
        Route("view_import", "GET", run, views.view, READ, ImportSchema, problems=_UNKNOWN),
        Route(
            "list_refused_rows", "GET", f"{run}/refused", views.refused, READ, RefusedPageSchema,
            RefusedFilterSchema, _UNKNOWN,
        ),
        Route(
            "export_subscribers", "GET", "/subscribers.csv", views.export, _EXPORT, CsvSchema,
            produces="text/csv",
        ),
        Route("begin_bulk", "POST", bulk, views.begin, DECIDE, BulkSchema, BulkBeginSchema, _BEGIN),
        Route("list_bulks", "GET", bulk, views.bulks, READ, BulkListSchema),
        Route("view_bulk", "GET", f"{bulk}/<run>", views.bulk, READ, BulkSchema, problems=_UNKNOWN),
        Route(
            "mark_bulk", "PUT", f"{bulk}/<run>/state", views.mark, DECIDE, BulkSchema, BulkMarkSchema, _MARK
        ),
    )  # fmt: skip
