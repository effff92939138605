"""Files outside of docs/ that pages link to become part of the site, folders as a list of their files."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent
OUTSIDE = re.compile(r"\]\(\.\./([^)#\s]+)\)")
PLACE = "files"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what the pages link to."""
    wanted = {name for page in files.documentation_pages() for name in OUTSIDE.findall(page.content_string)}
    for name in sorted(wanted):
        target = ROOT / name
        inside = sorted(path for path in target.rglob("*") if path.is_file()) if target.is_dir() else [target]
        for path in inside:
            _add(files, config, path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        if target.is_dir():
            listed = "".join(f"- [{path.relative_to(target)}]({_shown(path)})\n" for path in inside)
            files.append(File.generated(config, f"{_page(name)}", content=f"# {name}\n\n{listed}"))
    return files


def on_page_markdown(markdown: str, page: Page, **_more: object) -> str:
    """Lead there."""
    here = posixpath.dirname(page.file.src_uri)

    def lead(found: re.Match[str]) -> str:
        name = found[1].rstrip("/")
        target = _page(name) if (ROOT / name).is_dir() else f"{PLACE}/{name}.txt"
        return f"]({posixpath.relpath(target, here or '.')})"

    return OUTSIDE.sub(lead, markdown)


def _add(files: Files, config: MkDocsConfig, name: str, text: str) -> None:
    target = f"{PLACE}/{name}.txt"
    if files.get_file_from_path(target) is None:
        files.append(File.generated(config, target, content=text))


def _page(name: str) -> str:
    return f"{PLACE}/{name.rstrip('/').replace('/', '-')}.md"


def _shown(path: Path) -> str:
    return f"{path.relative_to(ROOT).as_posix()}.txt"
