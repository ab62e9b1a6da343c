"""The served reports: one folder's files, and no way out of it."""

import os

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from medner_assets.web.reports import address_of, report_route


@pytest.fixture
def folder(tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "v2-vs-v1.html").write_text("<p>a report</p>")
    (reports / "model-card.md").write_text("a card")
    (tmp_path / "secret.html").write_text("secret")
    (reports / "link.html").symlink_to(tmp_path / "secret.html")
    (reports / "folder.html").mkdir()
    os.mkfifo(reports / "pipe.html")
    return reports


@pytest.fixture
def ui(folder):
    return TestClient(Starlette(routes=[report_route(folder)]))


def test_a_report_is_served_without_the_rights_of_a_page_of_the_ui(ui, folder):
    answer = ui.get(address_of(folder / "v2-vs-v1.html"))
    assert (answer.status_code, answer.text) == (200, "<p>a report</p>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy


@pytest.mark.parametrize(
    "name",
    [
        "other.html", "model-card.md", "link.html", "folder.html", "pipe.html", "../secret.html",
        "..%2fsecret.html", "%2e%2e%2fsecret.html", "..%5csecret.html", "%2fetc%2fpasswd", ".html",
        "a%00.html",
        "v2-vs-v1.html/", "",
    ],
)  # fmt: skip
def test_nothing_but_a_file_of_the_folder_is_served(ui, name):
    assert ui.get(f"/reports/{name}", follow_redirects=False).status_code in (307, 404)
    assert "secret" not in ui.get(f"/reports/{name}").text
