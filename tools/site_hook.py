"""Hook of mkdocs: add a page for every model type of zoo and atlas to the site, and the list of them to its page.

mkdocs calls the functions by name: `on_files` adds the pages, `on_page_markdown` writes the list.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

# mkdocs loads a hook by its path, so that its folder is not on Python's.
sys.path.insert(0, str(Path(__file__).parent))

import model_pages

LIST = "models.md"
PLACE = "<!-- models -->"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages about models, which no navigation lists; every processor writes some of them."""
    names = model_pages.names()
    with ProcessPoolExecutor() as pool:
        for name, page in zip(names, pool.map(model_pages.page, names, chunksize=4), strict=True):
            files.append(File.generated(config, f"{model_pages.FOLDER}/{name}.md", content=page))
        types = model_pages.with_sliders()
        for name, page in zip(types, pool.map(model_pages.sliders, types), strict=True):
            files.append(File.generated(config, f"{model_pages.FOLDER}/{name}-sliders.html", content=page))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Put the list of all models into its page."""
    return markdown.replace(PLACE, model_pages.overview()) if page.file.src_uri == LIST else markdown
