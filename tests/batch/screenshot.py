"""Draw `report.png`, the picture of a campaign's page in the README: a campaign over repositories made of samples.

Run by `make picture`. Needs Chromium or Chrome, and the packages of the extra `test`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REPOSITORIES = {
    "billing": ("efs201-preview-form", "cloudformation-fargate-stack"),
    "jenkins": ("cloudformation-ec2-stack",),
    "wiki": ("cdk-fargate-app",),
    "reports": ("boto3-call",),
    "uploads": ("efs101-name-suggests-efs-needs-input",),
    "website": ("untouched-compose",),
    "archive": ("json-placeholders",),
}
"""Which samples each repository is made of."""


def main() -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if browser is None:
        sys.exit("make: no browser is installed: this needs Chromium or Chrome")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "gitconfig"
        config.write_text("[user]\n\tname = Ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n")
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(config), "PYTHONPATH": str(ROOT)}
        for repository, samples in REPOSITORIES.items():
            one = folder / repository
            one.mkdir()
            for sample in samples:
                for source in sorted((ROOT / "samples" / sample).glob("before.*")):
                    shutil.copyfile(source, one / f"{sample}{source.suffix}")
            for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "First")):
                subprocess.run(["git", "-C", str(one), *command], check=True, env=environment)
        arguments = [*REPOSITORIES, "--output-dir=out", "--cache=cache", "--quiet", "--jobs=1"]
        subprocess.run([sys.executable, "-m", "migrate", "batch", *arguments], cwd=folder, env=environment, check=False)
        with sync_playwright() as playwright:
            page = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
                viewport={"width": 1100, "height": 1000}
            )
            page.goto((folder / "out" / "report.html").as_uri())
            page.locator("summary").nth(2).click()
            page.screenshot(path=str(HERE / "report.png"))


if __name__ == "__main__":
    main()
