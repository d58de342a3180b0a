"""The README's pictures, taken from the sample desk in a believable moment.

``--all FOLDER`` takes every main page of every post instead, in both languages, light and dark, desktop and
phone, for people to look at; those are never committed. Needs the test dependencies and a Chromium. The
invariant: a picture is what the running product shows, nothing is painted over.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from indexer.embedders import embedder_from  # noqa: E402 - after the path
from indexer.index import Index  # noqa: E402
from portal import config  # noqa: E402
from portal.app import create_app  # noqa: E402
from portal.catalogue.models import System  # noqa: E402
from portal.db import create_all, engine_for, sessions_of, transaction  # noqa: E402
from portal.finder import consumer  # noqa: E402
from portal.migrations import history  # noqa: E402
from portal.people.models import Person  # noqa: E402
from portal.sample.load import fill, is_empty  # noqa: E402
from portal.sample.material import read  # noqa: E402
from portal.tickets import desk  # noqa: E402
from portal.tickets.words import Action, Category  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.browser.site import served  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "pictures-of-lanterns-7"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
LOCALES = ("zh_CN", "en")
#: A picture in a README is looked at, not measured; 200 KB keep the page quick.
LARGEST = 200 * 1024

EMPLOYEE, AGENT, EXPERT, MANAGER = "linwan", "zhaoqing", "xuwenhui", "fangzhaohui"
PROBLEM = "电费重新算了还是老数"
GUIDE = "电费重算后账单仍显示旧金额怎么办"
CALL = "电费重新算了一遍还是老数，退出重进也一样"
#: What the expert's bench shows: users' words about a known defect, with the front's questions answered.
REPORT = "网厅缴费扣了两次款，订单一直停在处理中，没有销账，提示 PAY-3007"
RECORD = "收费票据打印空白或错位"
ASKED = "用户刷新、换浏览器都一样；两笔扣款相隔 3 分钟，已请其不要再付。"


# ── a desk to look at ────────────────────────────────────────────────────────────────────────────


@contextmanager
def sample_desk(folder: Path, encoder: str) -> Iterator[str]:
    """The sample company on a free port; a folder that holds one already is used again."""
    settings = config.load({"TIERDESK_DATA_DIR": str(folder), "TIERDESK_ENCODER": encoder})
    config.ensure_folders(settings)
    history.everything()
    engine = engine_for(settings.database_url)
    create_all(engine)
    maker = sessions_of(engine)
    with transaction(maker) as session:
        if is_empty(session):
            print("filling the sample desk …")
            fill(session, password_hash=PasswordHasher().hash(PASSWORD))
            report_of_today(session)
    with closing(Index.open(settings.index_dir, embedder=embedder_from(settings.encoder))) as index:
        print("building the index …")
        consumer.rebuild_all(maker, index)
        with served(create_app(settings, maker=maker, index=index)) as address:
            yield address
    engine.dispose()


def report_of_today(session: Session) -> None:
    """One ticket that the front has just handed to the middle, the most urgent of its pile."""
    people = {person.login: person for person in session.scalars(select(Person))}
    system = session.scalars(select(System).where(System.code == "ehall")).one()
    request = desk.Request(
        text=REPORT,
        category=Category.DEFECT,
        system=system,
        requester=people[EMPLOYEE],
        impact=1,
        urgency=1,
    )
    ticket = desk.file(session, request, by=people[EMPLOYEE])
    desk.move(session, ticket, Action.TAKE, by=people[AGENT])
    desk.move(session, ticket, Action.ESCALATE, by=people[AGENT], given=desk.Given(note=ASKED))


# ── the pictures of the README ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at the desk."""

    browser: Browser
    address: str

    def person(self, login: str, *, phone: bool = False, dark: bool = False, locale: str = "zh_CN") -> Page:
        """Somebody signed in, with their language."""
        context = self.browser.new_context(
            base_url=self.address,
            locale="zh-CN",
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto("/sign-in")
        page.locator("#login").fill(login)
        page.locator("#password").fill(PASSWORD)
        page.locator("form .btn-primary").click()
        page.locator(".desk-me").wait_for()
        token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
        page.request.post(f"/language/{locale}", form={"csrf_token": token})
        return page


def take(page: Page, target: Path) -> None:
    """Once nothing is being loaded any more; colours reduced until the file is small."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target)
    with Image.open(target) as picture:
        flat = picture.convert("RGB")
    for colours in (256, 128, 64):
        flat.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
        if target.stat().st_size < LARGEST:
            return
    raise SystemExit(f"{target} is larger than {LARGEST} bytes")


def home(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="收起公告").click()
    page.locator(".announcement-pill").wait_for()


def ask(page: Page) -> None:
    page.goto("/ask")
    page.locator("#text").press_sequentially(PROBLEM, delay=15)
    page.locator("#answers .answer").first.wait_for()


def console(page: Page) -> None:
    page.goto("/console")
    page.locator("#who").fill("林晚")
    page.locator("#callers [data-caller]").first.click()
    page.locator(".console-name").wait_for()
    page.locator("#notes").press_sequentially(CALL, delay=10)
    page.locator(".console-result").first.wait_for()
    page.locator("#chip-system").select_option("mkt")
    page.wait_for_load_state("networkidle")
    page.locator("#chip-category").select_option("defect")
    page.wait_for_load_state("networkidle")
    page.locator("#notes").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.locator(".console-reading").wait_for()


def workbench(page: Page) -> None:
    page.goto("/workbench")
    page.locator(".bench-row", has_text="PAY-3007").first.click()
    page.locator(".bench-text", has_text="PAY-3007").wait_for()


def defect(page: Page) -> None:
    page.goto(f"/defects?state=&q={RECORD}")
    page.get_by_role("link", name=RECORD).first.click()
    page.locator("#occurrence svg").wait_for()


def article(page: Page) -> None:
    page.goto(f"/search?q={PROBLEM}")
    page.locator(".result-title a", has_text=GUIDE).first.click()
    page.locator(".article-body").wait_for()


def figures(page: Page) -> None:
    page.goto("/figures")
    page.locator(".fig-plot svg, .fig-plot canvas").first.wait_for()


SCENES = (
    (home, EMPLOYEE),
    (ask, EMPLOYEE),
    (console, AGENT),
    (workbench, EXPERT),
    (defect, EXPERT),
    (article, EMPLOYEE),
    (figures, MANAGER),
)


def readme_pictures(visit: Visit, folder: Path, only: str | None) -> None:
    for scene, login in SCENES:
        if only not in (None, scene.__name__):
            continue
        page = visit.person(login)
        scene(page)
        target = folder / f"{scene.__name__}.png"
        take(page, target)
        print(f"{target.name}: {target.stat().st_size // 1024} KB")
        page.context.close()


# ── every page, to be looked at ──────────────────────────────────────────────────────────────────


def every_page(visit: Visit, folder: Path) -> None:
    """Each main page of each post's account: two languages, light and dark, desktop and phone."""
    logins = [row["login"] for row in read("people.yaml") if row.get("demo")]
    for login, locale, dark, phone in itertools.product(
        logins, ("zh_CN", "en"), (False, True), (False, True)
    ):
        page = visit.person(login, phone=phone, dark=dark, locale=locale)
        page.goto("/")
        name = f"{locale[:2]}-{'dark' if dark else 'light'}-{'phone' if phone else 'desktop'}"
        for address in pages_of(page):
            page.goto(address)
            page.wait_for_load_state("networkidle")
            place = address.split("?")[0].strip("/").replace("/", "-") or "home"
            page.screenshot(path=folder / login / f"{place}.{name}.png", full_page=phone)
        print(login, name)
        page.context.close()


def pages_of(page: Page) -> list[str]:
    """The menu, and the first thing of each list in it."""
    menu = page.locator("#menu a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    found = list(menu)
    for address in menu:
        page.goto(address)
        row = page.locator("a[data-row]").first
        if row.count() and (href := row.get_attribute("href")):
            found.append(href)
    return list(dict.fromkeys(found))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--all", type=Path, metavar="FOLDER", help="every page of every post, into it")
    asked.add_argument(
        "--data", type=Path, metavar="FOLDER", help="keep the sample desk in it for the next time"
    )
    asked.add_argument("--encoder", default="none", help="as TIERDESK_ENCODER; none searches by words")
    asked.add_argument("--only", help="of the README's pictures, only this one")
    given = asked.parse_args()
    path = chromium.executable()
    if path is None:
        raise SystemExit(f"No browser found; looked for {', '.join(chromium.NAMES)}.")
    with (
        tempfile.TemporaryDirectory() as spare,
        sample_desk(given.data or Path(spare), given.encoder) as address,
        chromium.started(path) as browser,
    ):
        visit = Visit(browser, address)
        if given.all:
            every_page(visit, given.all)
        else:
            readme_pictures(visit, PICTURES, given.only)


if __name__ == "__main__":
    main()
