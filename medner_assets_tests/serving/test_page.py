"""The page of a served version, in a real browser: on a screen and a phone, light and dark."""

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import uvicorn

from medner_assets.serving.app import application
from medner_assets.serving.metrics import Metrics
from medner_assets.serving.served import Served
from medner_assets.web.gate import Gate
from medner_assets.web.listening import listening, url_of
from medner_assets.web.logins import Logins
from medner_assets.web.origins import HostNames
from medner_assets_tests.support.chromium import BINARY, Chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BINARY is None, reason="no Chromium on this machine: apt install chromium"),
]
TEXT = "😀 <b>Aspirin</b> gave her a rash."


class Fixed:
    """A service that finds the same in every text, and refuses one."""

    served = Served("tiny-v2", "d", "w", "e", None, "", {"entity_types": ["Drug", "Effect"]})
    problem = ""

    async def read(self, texts: Sequence[str]) -> tuple[Served, list[dict[str, Any]]]:
        entities = [
            {"id": "E0", "type": "Drug", "start": 5, "end": 12, "text": "Aspirin", "probability": 0.998},
            {"id": "E1", "type": "Effect", "start": 28, "end": 32, "text": "rash", "probability": 0.4},
            {"id": "E2", "type": "Sign", "text": "<i>fever</i>", "probability": 0.1},
        ]
        relations = [{"head": "E0", "tail": "E1", "type": "causes", "probability": 0.9}]
        return self.served, [
            {"id": "", "text": text, "entities": entities, "relations": relations, "cut": 0} for text in texts
        ]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = application(Fixed(), Metrics())  # type: ignore[arg-type]
    server = uvicorn.Server(uvicorn.Config(Gate(app, HostNames(), Logins()), log_level="error"))
    with listening("127.0.0.1", 0, "") as listener:
        running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        while not server.started:
            time.sleep(0.01)
        yield url_of("127.0.0.1", listener)
        server.should_exit = True
        running.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as opened:
        yield opened


def submitted(browser: Chromium, url: str, text: str, **window: Any) -> None:
    browser.visit(url, **window)
    browser.evaluate(f"document.getElementById('text').value = {text!r}; 0")
    browser.evaluate("document.querySelector('#asking button').click()")
    browser.wait(
        "!document.querySelector('#asking button').disabled && document.getElementById('state').textContent"
    )


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_pasted_text_is_shown_with_its_entities_relations_and_probabilities(browser, url, width, dark):
    submitted(browser, url, TEXT, width=width, dark=dark)
    assert (
        browser.evaluate("document.querySelector('#found .text').textContent")
        .replace("●", "")
        .replace("■", "")
        == TEXT
    )
    spans = browser.evaluate(
        "[...document.querySelectorAll('#found .text span')].map(s => s.lastChild.textContent)"
    )
    assert spans == ["Aspirin", "rash"]
    rows = browser.evaluate("[...document.querySelectorAll('#found tbody tr')].map(r => r.innerText)")
    assert [" ".join(row.split()) for row in rows] == [
        f"●Aspirin Drug {'5–12 ' if width > 520 else ''}> 0.99",
        f"■rash Effect {'28–32 ' if width > 520 else ''}0.40",
        f"▲<i>fever</i> not in the text Sign {'– ' if width > 520 else ''}0.10",
        "Aspirin → rash causes 0.90",
    ]
    state = browser.evaluate("document.getElementById('state').textContent")
    assert state.startswith("3 entities, 1 relation in ")
    assert state.endswith("by tiny-v2")
    assert not browser.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert browser.complaints() == []
    assert {each.removeprefix(url) for each in browser.requests()} == {"/", "/extract"}


def test_a_text_that_is_refused_is_told_and_the_page_goes_on(browser, url):
    submitted(browser, url, "  ")
    told = browser.evaluate("document.getElementById('state').textContent")
    assert told == "Not read: text: the text is empty: give some text"
    assert browser.evaluate("document.getElementById('found').hidden")
