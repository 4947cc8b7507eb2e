"""The pictures in docs/cards: of every card there is, and all in the list."""

import ast
import inspect

from tests import gallery
from tests.unit.adaptive_cards import test_cards
from tests.unit.adaptive_cards.test_cards import CARDS


def made_by():
    """Return the functions that the cards of the gallery are made by."""
    module = ast.parse(inspect.getsource(test_cards))
    (examples,) = [one for one in ast.walk(module) if isinstance(one, ast.Dict) and len(one.keys) == len(CARDS)]
    made = {name: ast.unparse(value).partition("(")[0] for name, value in zip(CARDS, examples.values, strict=True)}
    return {made[name] for name in gallery.SHOWN}


def test_every_card_is_in_the_gallery(root):
    modules = [ast.parse(path.read_text("utf-8")) for path in (root / "adaptive_cards").rglob("*.py")]
    functions = [node.name for module in modules for node in module.body if isinstance(node, ast.FunctionDef)]
    cards = {name for name in functions if name.endswith("_card") and not name.startswith("_")} - {"show_card"}
    assert cards == made_by()


def test_every_picture_is_there_and_listed(root):
    folder = root / gallery.FOLDER
    assert (folder / "README.md").read_text("utf-8") == gallery.index(gallery.SHOWN)
    assert {path.name for path in folder.glob("*.png")} == {gallery.file_name(name) for name in gallery.SHOWN}
