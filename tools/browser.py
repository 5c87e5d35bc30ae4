"""The Chromium or Chrome of this machine, for the tests of the pages and for `make pdf`."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OFFLINE = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--no-sandbox"]


def find_browser():
    """The path of a Chromium or Chrome, or None."""
    named = os.environ.get("CHROME_PATH")
    return named or next(filter(None, map(shutil.which, NAMES)), None)
