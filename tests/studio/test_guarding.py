"""Who may come in, and what nobody gets at."""

import socket
import tempfile
from base64 import b64encode
from pathlib import Path

import pytest

from tests.studio.conftest import Visitor, running, until
from vidstyle.errors import ConfigError
from vidstyle.studio.config import StudioConfig
from vidstyle.studio.sessions import Sessions, inside, safe_name


def test_it_listens_on_this_machine_alone(address: str):
    assert address.startswith("http://127.0.0.1:")


def test_every_answer_forbids_the_browser_to_ask_elsewhere(visitor: Visitor):
    for path in ("/", "/page/main.js", "/api/session", "/nothing"):
        policy = visitor.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "http" not in policy


def test_a_name_that_another_sites_dns_points_here_is_refused(visitor: Visitor):
    answer = visitor.call("GET", "/api/session", headers={"Host": f"evil.example:{visitor.host.split(':')[1]}"})
    assert answer.status == 421
    assert "evil.example" in answer.told["error"]


@pytest.mark.parametrize("headers", [{}, {"X-Vidstyle": "1", "Origin": "https://evil.example"}])
def test_another_sites_page_can_change_nothing(visitor: Visitor, headers: dict[str, str], clip: Path):
    for method, path in (("POST", "/api/render"), ("PUT", "/api/files?name=a.mp4"), ("DELETE", "/api/tasks/x")):
        assert visitor.call(method, path, clip.read_bytes(), headers).status == 403
    assert visitor.get("/api/session").told["files"] == []


def test_a_session_sees_nothing_of_anothers(address: str, visitor: Visitor, clip: Path):
    file = visitor.put(clip).told["id"]
    stranger = Visitor(address)
    assert stranger.get("/api/session").told["files"] == []
    assert stranger.get(f"/api/files/{file}/frames/0").status == 404
    assert stranger.ask("/api/render", {"file": file, "look": {"style": "small"}}).status == 404
    task = visitor.ask("/api/render", {"file": file, "look": {"style": "small"}}).told["id"]
    assert stranger.get("/api/tasks").told == []
    assert stranger.get(f"/api/tasks/{task}/files/report.json").status == 404
    assert stranger.remove(f"/api/tasks/{task}").status == 404


def test_without_a_session_nothing_is_told(visitor: Visitor):
    visitor.cookie = "vidstyle-1=guess"
    assert visitor.get("/api/session").status == 440


@pytest.mark.parametrize("name", [
    "../report.json", "..%2f..%2f..%2fetc%2fpasswd", "/etc/passwd", "%2fetc%2fpasswd", "....//etc/passwd",
    "run/../../../x", "%00", "report.json/..", "a" * 5000,
])  # fmt: skip
def test_no_path_leads_out_of_a_tasks_folder(rendered: tuple[Visitor, str], name: str):
    visitor, task = rendered
    assert visitor.get(f"/api/tasks/{task}/files/{name}").status == 404
    assert visitor.get(f"/api/tasks/{task}/files/report.json").status == 200


def test_links_are_followed_before_they_are_judged(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret").write_text("secret")
    (home / "own").write_text("own")
    (home / "link").symlink_to(tmp_path / "secret")
    (home / "round").symlink_to("round")
    assert inside(home, "own") == home / "own"
    for name in ("link", "round", "../secret", str(tmp_path / "secret"), ".", "gone"):
        with pytest.raises(Exception, match="no such file"):
            inside(home, name)


@pytest.mark.parametrize(("name", "kept"), [
    ("../../etc/passwd", "passwd"), ("C:\\clips\\Mein Film.MOV", "Mein-Film.mov"), ("shot.%04d.png", "shot.-04d.png"),
    ("shot.####.exr", "shot.exr"), ("-o", "o"), (".", "file"), ("", "file"), ("\0a\nb.mp4", "a-b.mp4"),
    ("日本.mp4", "mp4"), ("a" * 300 + ".mp4", "a" * 76 + ".mp4"),
])  # fmt: skip
def test_names_of_uploads_mean_nothing_to_paths_patterns_and_shells(name: str, kept: str):
    assert safe_name(name) == kept


def test_what_is_told_has_no_folder_of_this_machine():
    with Sessions(1.0) as sessions:
        session = sessions.begin()
        assert (
            session.hide(f"{session.folder}/uploads/a-b_c/shot.mp4 is bad in {session.folder}")
            == "shot.mp4 is bad in ."
        )


def test_folders_are_for_their_owner_alone_and_gone_at_the_end():
    with Sessions(1.0) as sessions:
        folder = sessions.begin().folder
        assert folder.stat().st_mode & 0o077 == 0
        assert folder.is_relative_to(tempfile.gettempdir())
    assert not sessions.folder.exists()


def test_idle_sessions_are_deleted_and_busy_ones_are_not():
    with Sessions(1 / 3600) as sessions:
        idle, busy = sessions.begin(), sessions.begin()
        (idle.folder / "clip.mp4").write_bytes(b"x")
        idle.used -= 2
        busy.used -= 2
        assert sessions.sweep({busy.id}) == [idle]
        assert not idle.folder.exists()
        assert sessions.find(idle.id) is None
        assert sessions.find(busy.id) is busy


def test_the_outside_needs_a_password():
    for config in (StudioConfig(host="0.0.0.0"), StudioConfig(user="me"), StudioConfig(password="secret")):
        with pytest.raises(ConfigError) as found:
            config.check()
        assert "secret" not in str(found.value)
    StudioConfig(host="0.0.0.0", user="me", password="secret").check()


@pytest.mark.slow
def test_a_password_is_asked_for_and_everything_is_deleted_at_the_end(models: Path, clip: Path, tmp_path: Path):
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    with running(models, "--user", "me", "--password-file", str(password), TMPDIR=str(tmp_path)) as (address, process):
        token = b64encode(b"me:open sesame").decode()
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as bare:
            bare.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            assert b" 401 " in bare.recv(200)
        visitor = Visitor.__new__(Visitor)
        visitor.address, visitor.host, visitor.cookie = address, f"127.0.0.1:{port}", ""
        assert visitor.call("GET", "/", headers={"Authorization": f"Basic {token}x"}).status == 401
        assert visitor.call("GET", "/", headers={"Authorization": f"Basic {token}"}).status == 200
        assert list(tmp_path.glob("vidstyle-studio-*"))
        process.terminate()
        assert process.wait(60) == 143
        until(lambda: not list(tmp_path.glob("vidstyle-studio-*")))


@pytest.mark.slow
def test_a_port_that_is_taken_is_one_sentence(models: Path, address: str):
    port = address.rpartition(":")[2]
    with running(models, "--port", port) as (_, process):
        assert process.wait(60) == 78
