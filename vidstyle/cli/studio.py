"""`vidstyle studio`: the page in the browser."""

import os
from pathlib import Path
from typing import Annotated

import typer

_PASSWORD = "VIDSTYLE_STUDIO_PASSWORD"


def studio(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's own need --user.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8420,
    user: Annotated[
        str, typer.Option(help=f"Who may come in; the password is in --password-file or ${_PASSWORD}.")
    ] = "",
    password_file: Annotated[Path | None, typer.Option(help="A file whose first line is the password.")] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="A name that browsers may call this machine by, beside its address.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Of StudioConfig: upload_megabytes=500.")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in this machine's browser.")] = False,
) -> None:
    """Serve a page in the browser: drop a shot, pick a look, press one button. Ends with Ctrl-C."""
    from vidstyle.config import compose
    from vidstyle.errors import PluginError

    try:
        from vidstyle.studio import StudioConfig, serve
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn", "anyio"):
            raise
        told = f"the studio needs {error.name}, which is not installed; pip install 'vidstyle[studio]'"
        raise PluginError(told, group="studio", name=str(error.name)) from error

    flags = {
        "user": user or None,
        "password": _password(password_file) if user else None,
        "names": tuple(name or ()) or None,
    }
    config = compose(
        StudioConfig, {"host": host, "port": port, "device": device}, overrides=settings or (), flags=flags
    )

    def ready(address: str) -> None:
        typer.echo(f"studio  {address}")
        typer.echo(f"        files are deleted after {config.keep_hours:g} idle hours, and when Ctrl-C ends it")
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    serve(config, ready)


def _password(file: Path | None) -> str | None:
    from vidstyle.errors import ConfigError

    if file is None:
        return os.environ.get(_PASSWORD)
    try:
        return file.read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise ConfigError(
            f"the password can't be read from {file}; write it into its first line", key="password"
        ) from error
