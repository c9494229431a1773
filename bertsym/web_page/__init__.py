"""A web page about models: one file with a slider for each size, exact numbers, and no network.

`model_data` writes a model as data, `model.js` evaluates it, `page.js` shows it, and `file` makes one file of them and
KaTeX.
"""

from bertsym.web_page.file import web_page
from bertsym.web_page.model_data import PageModel, completed

__all__ = ["PageModel", "completed", "web_page"]
