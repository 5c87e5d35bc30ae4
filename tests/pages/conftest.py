"""The built site and one browser for all its tests."""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest
from browser import OFFLINE, find_browser

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("METAREC_SITE") or ROOT / "book" / "_build" / "html")


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    if not (SITE / "book" / "index.html").exists():
        pytest.skip("the site is not built; run: make book")
    return SITE


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium in which no host name resolves."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium or Chrome found; install one or set CHROME_PATH")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=OFFLINE)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(site):
    """The address of a local web server that serves the site."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://localhost:{running.server_port}"
        running.shutdown()
