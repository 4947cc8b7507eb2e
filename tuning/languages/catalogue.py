"""Brings the catalogues up to date with the texts in the code: make messages [NEW=fr].

A text is what stands in `say`, `say_many` or `mark`, and the docstring of a refusal's class, which is what it says.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from tuning.languages import CATALOGUES, SOURCE

ROOT = CATALOGUES.parents[1]
FLOORS = ("bot", "adaptive_cards", "tuning")
KEYWORDS = {"say": 1, "say_many": 2, "mark": 1}
"""Function to how many of its arguments are texts."""
SIGNS = (b"tuning.languages", b"Refusal", b"code: ClassVar")
"""What a file holds that says something."""
OTHERS = (ROOT / "bot" / "demo", ROOT / "tuning" / "starter")
"""They say other things: the demo what its people type, the starter what it learns from."""
WIDTH = 116
HEADER = r"""# Attune in the language '{language}'. The texts of the code come in by: make messages
msgid ""
msgstr ""
"Language: {language}\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""
"""Without dates: they would make every update a change."""

Text = str | tuple[str, ...]


def found() -> Catalog:
    """Return every text in the code with the files that it stands in."""
    texts = Catalog(project="Attune", charset="utf-8")
    for path in (
        path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py")) if path.parent not in OTHERS
    ):
        for text, line in _in(path):
            texts.add(text, locations=[(path.relative_to(ROOT).as_posix(), line)])
    return texts


def update(target: Path, texts: Catalog) -> list[str]:
    """Write the catalogue with every text of the code and no other; return those that are not translated yet."""
    catalogue = Catalog(locale=target.stem, project="Attune", charset="utf-8")
    if target.exists():
        with target.open("rb") as file:
            catalogue = read_po(file, locale=target.stem)
    catalogue.update(texts, no_fuzzy_matching=True, keep_user_comments=True)
    catalogue.obsolete.clear()
    with target.open("wb") as file:
        file.write(HEADER.format(language=target.stem, plurals=catalogue.plural_forms).encode())
        write_po(file, catalogue, width=WIDTH, omit_header=True, sort_by_file=True, include_lineno=False)
    return [str(one.id) for one in catalogue if one.id and not is_translated(one)]


def is_translated(text: Message) -> bool:
    """Say whether a text has its translation, in all its forms."""
    forms = text.string if isinstance(text.string, tuple | list) else (text.string,)
    return all(forms) and not text.fuzzy


def main() -> None:
    """Update the catalogues that there are, and begin those that are asked for."""
    texts = found()
    for code in sorted({path.stem for path in CATALOGUES.glob("*.po")} | set(sys.argv[1:]) - {SOURCE}):
        missing = update(CATALOGUES / f"{code}.po", texts)
        print(f"{code}: {len(texts)} texts, {len(missing)} to translate", *missing, sep="\n  ")  # noqa: T201


def _in(path: Path) -> Iterator[tuple[Text, int]]:
    source = path.read_bytes()
    if not any(word in source for word in SIGNS):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and _is_refusal(node) and (text := ast.get_docstring(node)):
            yield text, node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            said = [one.value for one in node.args[: KEYWORDS[node.func.id]] if isinstance(one, ast.Constant)]
            if said and all(isinstance(text, str) for text in said):
                yield (tuple(map(str, said)) if said[1:] else str(said[0])), node.lineno


def _is_refusal(node: ast.ClassDef) -> bool:
    """Say whether a class is one of those that have a code and say their docstring."""
    names = {target.id for statement in node.body for target in _targets(statement) if isinstance(target, ast.Name)}
    return not names.isdisjoint({"code", "failure_code"})


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.AnnAssign):
        return [statement.target]
    return statement.targets if isinstance(statement, ast.Assign) else []


if __name__ == "__main__":
    main()
