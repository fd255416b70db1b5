"""The page in a real browser: Debian's Chromium, without a window."""

import hashlib
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from tests.clips import make_clip, texture_tile
from tests.studio.conftest import running
from vidstyle.cli import run
from vidstyle.report import read_report

playwright = pytest.importorskip("playwright.sync_api", reason="no browser tests: playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no browser tests: axe is not installed")

pytestmark = pytest.mark.slow

PATIENCE = 300_000  # milliseconds: machines that test are busy
WIDTHS = (390, 820, 1440)
READY = """async () => {
    for (const video of document.querySelectorAll('video')) {
        if (video.readyState < 3) await new Promise((done) => video.addEventListener('canplay', done, { once: true }));
    }
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no browser tests: chromium is not on PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    with visit(chromium, address) as page:
        yield page


class visit:  # noqa: N801 (used like a function)
    """A visitor of his own; at the end nothing was asked of others, and nothing went wrong in his console."""

    def __init__(self, chromium: Any, address: str, **settings: Any) -> None:
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **settings)
        self.address, self.asked, self.wrong = address, list[str](), list[str]()

    def __enter__(self) -> Any:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        playwright.expect.set_options(timeout=PATIENCE)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "console",
            lambda said: said.type == "error" and "status of 4" not in said.text and self.wrong.append(said.text),
        )
        page.goto(self.address)
        page.wait_for_selector("body[data-ready]")
        return page

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        if kind is None:
            strangers = [url for url in self.asked if not url.startswith((self.address, "blob:", "data:"))]
            assert strangers == []
            assert self.asked
            assert self.wrong == []


def choose(page: Any, clip: Path, style: str = "small") -> None:
    page.set_input_files("#pick", str(clip))
    page.wait_for_selector("#stage:not([hidden])")
    page.check(f"input[name=style][value={style}]", force=True)


def said(page: Any, selector: str, words: str) -> None:
    playwright.expect(page.locator(selector)).to_have_text(re.compile(words))


def test_a_clip_becomes_the_frames_that_the_command_line_makes(
    page: Any, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    clip = make_clip(tmp_path / "shot.mp4", frames=24, width=160, height=96)
    choose(page, clip)
    said(page, "#sharpness", "^sharp$")
    page.fill("#strength", "0.6")
    page.fill("#frame", "7")
    said(page, "#where", "frame 7 of 24")
    said(page, "#sharpness", "^sharp$")
    assert page.evaluate("after.naturalWidth") == page.evaluate("before.naturalWidth") == 160
    page.fill("#last", "19")
    said(page, "#trimmed", "20 frames")
    page.click("#words summary")
    said(page, "#command", "--frames 0-20")
    command = page.text_content("#command")
    page.click("#render")
    page.wait_for_selector("#result:not([hidden])")
    with page.expect_download() as download:
        page.click("text=Download with the original sound")
    download.value.save_as(tmp_path / "studio.mp4")
    with page.expect_response(re.compile("report.json")) as told:
        page.click("#result-actions >> text=Report")
    playwright.expect(page.locator("#report")).to_be_visible()
    assert told.value.json()["frame_hash"] in page.text_content("#report")
    page.keyboard.press("Escape")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDSTYLE_MODELS", str(models))
    assert run([*shlex.split(command.replace("\\\n", ""))[1:], "--device", "cpu", "--report", "told.json"]) == 0
    assert read_report(tmp_path / "told.json").frame_hash == told.value.json()["frame_hash"]
    # x264's bytes vary from run to run; what was downloaded is what the report tells of.
    downloaded = (tmp_path / "studio.mp4").read_bytes()
    assert hashlib.sha256(downloaded).hexdigest() == told.value.json()["outcome"]["sha256"]
    with av.open(tmp_path / "studio.mp4") as studio, av.open(tmp_path / "shot_small.mp4") as alone:
        assert len([*studio.decode(video=0)]) == len([*alone.decode(video=0)]) == 20


def test_a_picture_that_is_dropped_is_the_style(page: Any, tmp_path: Path):
    choose(page, make_clip(tmp_path / "shot.mp4", frames=6, width=160, height=96))
    said(page, "#sharpness", "^sharp$")
    before = page.evaluate("after.src")
    cv2.imwrite(str(tmp_path / "Night sky.png"), texture_tile(3))
    page.set_input_files("#style-picture", tmp_path / "Night sky.png")
    page.wait_for_selector("input[name=style][value=night-sky]:checked")
    page.wait_for_function("before => after.src !== before", arg=before)
    said(page, "#sharpness", "^sharp$")
    assert page.evaluate("document.querySelector('.style .shown').naturalWidth") > 0
    page.click("#words summary")
    said(page, "#command", "--style-image Night-sky.png")
    page.set_input_files("#style-picture", tmp_path / "shot.mp4")
    said(page, "#alert p", "is no picture")


def test_source_and_result_play_as_one(page: Any, tmp_path: Path):
    choose(page, make_clip(tmp_path / "shot.mp4", frames=50, width=96, height=64))
    page.click("#render")
    page.wait_for_selector("#result:not([hidden])")
    page.wait_for_selector("video >> nth=1")
    page.evaluate(READY)
    page.click("#mute")
    page.click("#play")
    times = "[...document.querySelectorAll('video')].map((video) => video.currentTime)"
    while max(page.evaluate(times)) < 0.5 and not page.evaluate("document.querySelectorAll('video')[1].ended"):
        page.wait_for_timeout(100)
    if not page.evaluate("document.querySelectorAll('video')[1].paused"):
        page.click("#play")
    page.fill("#seek", "500")
    source, result = page.evaluate(times)
    assert source == pytest.approx(result, abs=0.04)
    assert result == pytest.approx(1.0, abs=0.1)
    page.click("#layout")
    assert page.locator("#pair .viewer video").count() == 2
    assert page.evaluate(
        "[...document.querySelectorAll('video')].every((video) => !video.error && video.videoWidth === 96)"
    )


def test_a_reload_in_the_middle_changes_nothing_and_a_render_can_be_cancelled(page: Any, tmp_path: Path):
    choose(page, make_clip(tmp_path / "long.mp4", frames=400, width=320, height=180, audio=()))
    page.fill("#strength", "0.5")
    page.click("#render")
    said(page, "#renders .state", r"\d+ of 400 frames · [\d.]+ fps")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    said(page, "#renders .state", r"\d+ of 400 frames")
    assert page.input_value("#strength") == "0.5"
    assert page.is_checked("input[name=style][value=small]")
    said(page, "#facts", "long.mp4")
    page.click("#renders >> text=Cancel")
    said(page, "#renders .state", "Cancelled; nothing of it was kept")
    page.click("#renders >> text=Remove")
    playwright.expect(page.locator("#renders li")).to_have_count(0)


def test_bad_files_are_answered_with_a_sentence(page: Any, tmp_path: Path):
    (tmp_path / "notes.mp4").write_text("no clip at all")
    page.set_input_files("#pick", str(tmp_path / "notes.mp4"))
    said(page, "#alert p", "notes.mp4 can't be read as a clip")
    page.click("#alert button")
    assert not page.is_visible("#alert")
    assert page.is_visible("#drop")


def test_two_users_at_once_see_their_own_and_wait_their_turn(chromium: Any, address: str, tmp_path: Path):
    clips = [
        make_clip(tmp_path / f"{name}.mp4", frames=60, width=160, height=96, seed=n) for n, name in enumerate("ab")
    ]
    with visit(chromium, address) as first, visit(chromium, address) as second:
        for page, clip in zip((first, second), clips, strict=True):
            choose(page, clip)
        first.click("#render")
        first.click("#render")
        second.click("#render")
        for page, clip in zip((first, second), clips, strict=True):
            page.wait_for_selector("#renders li.done")
            assert page.text_content("#renders li.done h3") == f"{clip.name} in small"
        assert first.locator("#renders li").count() == 2
        assert second.locator("#renders li").count() == 1


def test_a_real_clip_is_rendered_with_the_shipped_style(page: Any, real_clips: Path, tmp_path: Path):
    choose(page, real_clips / "mdn_stream.mp4", "ink")
    said(page, "#sharpness", "^sharp$")
    page.fill("#last", "3")
    page.click("#render")
    page.wait_for_selector("#result:not([hidden])")
    assert page.evaluate("[...document.querySelectorAll('video')].every((video) => !video.error)")


def test_the_keyboard_reaches_everything(page: Any, tmp_path: Path):
    choose(page, make_clip(tmp_path / "shot.mp4", frames=6))
    page.focus("#tab-stylize")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#batch")
    page.keyboard.press("ArrowLeft")
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    wanted = [
        "wipe",
        "frame",
        "first",
        "last",
        "another",
        "style",
        "strength",
        "stability",
        "brush",
        "preserve",
        "delivery",
        "render",
    ]
    assert list(dict.fromkeys(each for each in seen if each in wanted)) == wanted
    page.focus("#wipe")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("getComputedStyle(viewer).getPropertyValue('--cut')") == "49.5%"
    page.focus("#frame")
    page.keyboard.press("ArrowRight")
    said(page, "#where", "frame 1 of 6")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_and_nothing_is_wider_than_the_screen(
    chromium: Any, address: str, tmp_path: Path, scheme: str
):
    (tmp_path / "cut.csv").write_text("shot,source,in,out\n010,shot.mp4,0,3\n020,gone.mov,0,3\n")
    with visit(chromium, address, color_scheme=scheme) as page:
        choose(page, make_clip(tmp_path / "shot.mp4", frames=6))
        page.click("#render")
        page.wait_for_selector("#result:not([hidden])")
        page.click("#tab-batch")
        page.set_input_files("#list", str(tmp_path / "cut.csv"))
        page.wait_for_selector(".problems")
        for tab in ("stylize", "batch", "measure", "train"):
            page.click(f"#tab-{tab}")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 860})
                assert page.evaluate("document.documentElement.scrollWidth") == width
            faults = axe.Axe().run(page).response["violations"]
            assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in faults] == []


def test_measuring_and_training_work_from_the_page(page: Any, tmp_path: Path):
    choose(page, make_clip(tmp_path / "shot.mp4", frames=12, width=128, height=96))
    page.click("#render")
    page.click("#result-actions >> text=Measure it")
    page.click("#measure button[type=submit]")
    frame = page.frame_locator("#measure iframe")
    playwright.expect(frame.locator("body")).to_contain_text("The worst")
    page.click("#tab-train")
    looks = [tmp_path / f"look{n:02}.png" for n in range(20)]
    for n, look in enumerate(looks):
        cv2.imwrite(str(look), texture_tile(n)[:96, :96])
    page.set_input_files("#looks", [str(look) for look in looks])
    page.fill("#style-name", "My look")
    page.fill("#minutes", "0.05")
    page.click("#train button[type=submit]:not([disabled])")
    said(page, "#train .state", "^Done")
    page.click("text=Use this style")
    assert page.is_checked("input[name=style][value=my-look]")
    said(page, "#sharpness", "^sharp$")


def test_a_studio_with_a_password_lets_the_right_browser_in(chromium: Any, models: Path):
    secret = {"username": "me", "password": "open sesame"}
    with (
        running(models, "--user", "me", VIDSTYLE_STUDIO_PASSWORD="open sesame") as (address, _),
        visit(chromium, address, http_credentials=secret) as page,
    ):
        assert page.locator("#styles img").count() >= 2
