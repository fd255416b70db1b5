"""The studio over HTTP: each address is one method of `Studio`."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from vidstyle.errors import VidstyleError
from vidstyle.studio.guard import REPORT_POLICY, Guard
from vidstyle.studio.learning import Lesson
from vidstyle.studio.sessions import Session, inside
from vidstyle.studio.studio import MeasureWish, Picture, Studio, Wish
from vidstyle.studio.uploads import admit, receive

Asked = TypeVar("Asked", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]

PAGE = Path(__file__).parent / "page"
_LARGEST_WISH = 200_000  # bytes of JSON


def build(studio: Studio) -> Starlette:
    """Make the application."""
    guard = Middleware(
        Guard, names=(studio.config.host, *studio.config.names), user=studio.config.user,
        password=studio.config.password,
    )  # fmt: skip
    app = Starlette(
        routes=[*_routes(studio), Mount("/page", StaticFiles(directory=PAGE))],
        middleware=[guard],
        exception_handlers={HTTPException: _refused, VidstyleError: _failed},
    )
    app.state.studio = studio
    return app


def _routes(studio: Studio) -> list[Route]:
    return [
        Route("/", _index),
        Route("/api/session", _session),
        Route("/api/files", _upload, methods=["PUT"]),
        Route("/api/files/{key}", _remove, methods=["DELETE"]),
        Route("/api/files/{key}/frames/{frame:int}", _frame),
        Route("/api/styles/{name}/thumbnail", _thumbnail),
        Route("/api/styles", _asking(Picture, studio.dress), methods=["POST"]),
        Route("/api/preview", _preview, methods=["POST"]),
        Route("/api/words", _asking(Wish, studio.words), methods=["POST"]),
        Route("/api/plan", _asking(Wish, studio.plan), methods=["POST"]),
        Route("/api/render", _asking(Wish, studio.render), methods=["POST"]),
        Route("/api/measure", _asking(MeasureWish, studio.measure), methods=["POST"]),
        Route("/api/batch", _asking(Wish, studio.batch), methods=["POST"]),
        Route("/api/train", _asking(Lesson, studio.train), methods=["POST"]),
        Route("/api/tasks", _tasks),
        Route("/api/tasks/{key}", _stop, methods=["DELETE"]),
        Route("/api/tasks/{key}/files/{name:path}", _made),
    ]


def _asking(kind: type[Asked], answer: Callable[[Session, Asked], Any]) -> Endpoint:
    """An address that takes JSON and gives JSON."""

    async def endpoint(request: Request) -> Response:
        session, wish = _own(request), await _read(request, kind)
        return JSONResponse(await run_in_threadpool(answer, session, wish))

    return endpoint


async def _index(request: Request) -> Response:
    response = FileResponse(PAGE / "index.html")
    if _studio(request).sessions.find(request.cookies.get(_cookie(request))) is None:
        key = _studio(request).sessions.begin().id
        response.set_cookie(_cookie(request), key, httponly=True, samesite="strict", path="/")
    return response


async def _session(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(_studio(request).tell, _own(request)))


async def _tasks(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(_studio(request).tasks, _own(request)))


async def _upload(request: Request) -> Response:
    session, config = _own(request), _studio(request).config
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isascii() and announced.isdecimal() else None
    try:
        path = await receive(session, request.query_params.get("name", ""), size, request.stream(), config)
    except ClientDisconnect:
        return Response(status_code=400)
    role = request.query_params.get("role", "clip")
    upload = await run_in_threadpool(admit, session, path, config, role)
    return JSONResponse(upload.facts, 201)


async def _remove(request: Request) -> Response:
    await run_in_threadpool(_studio(request).remove, _own(request), request.path_params["key"])
    return Response(status_code=204)


async def _frame(request: Request) -> Response:
    upload = _own(request).upload(request.path_params["key"])
    picture = await run_in_threadpool(_studio(request).stills.before, upload, request.path_params["frame"])
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


async def _preview(request: Request) -> Response:
    session, wish = _own(request), await _read(request, Wish)
    draw = _studio(request).stills.after
    upload = session.upload(wish.file)
    picture = await run_in_threadpool(draw, session, upload, wish.look, wish.frame, quick=wish.quick)
    return Response(picture, media_type="image/png")


async def _thumbnail(request: Request) -> Response:
    folder = _own(request).styles().get(request.path_params["name"])
    if folder is None:
        raise HTTPException(404, "there is no such style; reload the page")
    path = await run_in_threadpool(_studio(request).stills.thumbnail, folder)
    return FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})


async def _stop(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(_studio(request).stop, _own(request), request.path_params["key"]))


async def _made(request: Request) -> Response:
    task = _studio(request).task(_own(request), request.path_params["key"])
    path = inside(task.folder, request.path_params["name"])
    headers = {"Content-Security-Policy": REPORT_POLICY} if path.suffix in (".html", ".json") else {}
    name = path.name if "download" in request.query_params else None
    kind = "attachment" if name else "inline"
    return FileResponse(path, filename=name, content_disposition_type=kind, headers=headers)


async def _read(request: Request, kind: type[Asked]) -> Asked:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_WISH:
            raise HTTPException(413, "that is more than the page ever sends; reload it")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the request"
        told = first["msg"].removeprefix("Value error, ")
        raise HTTPException(422, f"{where}: {told}") from error


def _cookie(request: Request) -> str:
    """Cookies know no ports: two studios of one machine must not take each other's."""
    return f"vidstyle-{request.url.port or 80}"


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


def _own(request: Request) -> Session:
    session = _studio(request).sessions.find(request.cookies.get(_cookie(request)))
    if session is None:
        raise HTTPException(440, "this page was idle for too long and its files are deleted; reload it to begin anew")
    return session


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _failed(request: Request, error: Exception) -> Response:
    """An error of the library, in its own words, without this machine's folders."""
    session = _studio(request).sessions.find(request.cookies.get(_cookie(request)))
    told = session.hide(str(error)) if session is not None else type(error).__name__
    return Response(json.dumps({"error": told}), 422, media_type="application/json")
