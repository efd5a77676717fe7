"""The endpoints of bulk jobs."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from functools import partial
from typing import IO, Annotated, Any

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Scope

from affil.service.jobs import Job, Jobs
from affil.service.models import JobAnswer, JobQuery, JobsAnswer, Nothing, ResultQuery
from affil.service.routing import BYTES, BadRequestError, Json, Operation
from affil.settings import ServeSettings

_PATH = "/jobs"
_NO_JOBS = "this service takes no jobs; it does when started with: affil serve --jobs FOLDER"
_LOST, _NONE = {404: "there is no such job"}, {404: "this service takes no jobs"}
_FILE = {"type": "string", "format": "binary", "description": "CSV, TSV, JSON Lines or Parquet"}
_SENT = {
    "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE}}},
    BYTES: {"schema": _FILE},
}
_Id = Annotated[str, Path(description="the id of a job")]


class Bulk:
    """Endpoints of bulk jobs; without `jobs` they say how to have some."""

    def __init__(self, jobs: Jobs | None, settings: ServeSettings) -> None:
        self._jobs, self.settings = jobs, settings

    def operations(self) -> list[Operation]:
        """The operations."""
        none = self._jobs is None
        operation = partial(Operation, fields=self.settings.fields, also=_NONE if none else _LOST)
        all = _NONE if none else {}
        done = _NONE if none else _LOST | {409: "the job is not done"}
        sent = {"requestBody": {"required": True, "content": _SENT}}
        one = f"{_PATH}/{{id}}"
        return [
            operation("POST", _PATH, self.add, JobAnswer, status=202, openapi_extra=sent, also=all),
            operation("GET", _PATH, self.all, JobsAnswer, also=all),
            operation("GET", one, self.get, JobAnswer),
            operation("DELETE", one, self.remove, JobAnswer),
            operation("GET", f"{one}/result", self.result, text=[BYTES], also=done),
        ]

    @property
    def jobs(self) -> Jobs:
        """The jobs.

        Raises:
            BadRequestError: the service takes none.
        """
        if self._jobs is None:
            raise BadRequestError(_NO_JOBS, status=404)
        return self._jobs

    async def add(self, request: Request, asked: Annotated[JobQuery, Query()]) -> Response:
        """Match a file: CSV, Parquet or JSON Lines, as the body or as the field file of a form."""
        jobs, owner = self.jobs, _owner(request.scope)
        await run_in_threadpool(jobs.room, owner)

        async def add(file: IO[bytes], name: str) -> Response:
            job = await run_in_threadpool(jobs.add, file, owner=owner, name=name, column=asked.column or "")
            return Json(_shown(job), 202, {"location": f"{request.scope.get('root_path', '')}{_PATH}/{job.id}"})

        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            async with request.form(max_files=1, max_fields=0) as form:
                sent = form.get("file")
                if not isinstance(sent, UploadFile):
                    raise BadRequestError("the form has no 'file'")
                return await add(sent.file, sent.filename or "")
        with tempfile.SpooledTemporaryFile(self.settings.job_held) as file:
            async for chunk in request.stream():
                await run_in_threadpool(file.write, chunk)
            file.seek(0)
            return await add(file, "")

    async def all(self, request: Request, _: Annotated[Nothing, Query()]) -> Response:
        """Jobs that were sent with this key."""
        jobs = await run_in_threadpool(self.jobs.all, _owner(request.scope))
        return Json({"jobs": [_shown(job) for job in jobs]})

    async def get(self, request: Request, id: _Id, _: Annotated[Nothing, Query()]) -> Response:
        """How a job is."""
        return Json(_shown(await run_in_threadpool(self.jobs.get, id, _owner(request.scope))))

    async def remove(self, request: Request, id: _Id, _: Annotated[Nothing, Query()]) -> Response:
        """Cancel a job, and delete all that is kept of it."""
        return Json(_shown(await run_in_threadpool(self.jobs.remove, id, _owner(request.scope))))

    async def result(self, request: Request, id: _Id, asked: Annotated[ResultQuery, Query()]) -> Response:
        """The table of a job that is done."""
        format, pieces = await run_in_threadpool(self.jobs.result, id, _owner(request.scope), asked.format)
        disposition = {"content-disposition": f'attachment; filename="matches.{format}"'}
        return StreamingResponse(pieces, media_type=BYTES, headers=disposition)


def is_transfer(scope: Scope) -> bool:
    """Whether a request sends or fetches a file, which takes longer than others."""
    path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return (scope["method"] == "POST" and path == _PATH) or (path.startswith(f"{_PATH}/") and path.endswith("/result"))


def bodies(settings: ServeSettings) -> dict[tuple[str, str], int]:
    """Bytes of a request, at most, by method and path."""
    return {("POST", _PATH): settings.job_bytes + settings.job_form}


def _owner(scope: Scope) -> str:
    return scope["affil.key"].name if "affil.key" in scope else ""


def _shown(job: Job) -> dict[str, Any]:
    return {name: value for name, value in asdict(job).items() if name in JobAnswer.model_fields}
