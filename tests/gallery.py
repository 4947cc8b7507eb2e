"""Takes the pictures of docs/cards: every card in light, in dark, in high contrast, and at 320 px. make cards

The renderer is Microsoft's own (npm `adaptivecards`) in Chromium, with a host's configuration like that of Teams.
Charts, which only Teams draws, are shown as their fallback.
"""

import argparse
import io
import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.acceptance.conftest import CHROMIUM
from tests.unit.adaptive_cards.test_cards import CARDS

FOLDER = Path("docs/cards")
INSTALLED = Path(".cache/cards")
SCRIPTS = ("node_modules/markdown-it/dist/markdown-it.min.js", "node_modules/adaptivecards/dist/adaptivecards.js")
VARIANTS = frozenset(
    {
        "agents, many of a name",
        "agreed",
        "agreed, canary",
        "agreed, waits for an admin",
        "approval, beside a live one",
        "evaluation, submitted",
        "news: pilot",
        "news: drifted and waiting",
        "policy, outdated",
        "rolled back, the only one",
        "policy, saved",
        "review, pairs",
        "review, tuning",
        "sources, many",
        "sources, nothing found",
        "tending, tuning",
        "usage of an agent",
    }
)
"""Long cards of which another one is shown that looks alike."""
SHOWN = {name: card for name, card in CARDS.items() if "nasty" not in name and name not in VARIANTS}

_LIGHT = {
    "page": "#ebebeb",
    "card": "#ffffff",
    "emphasis": "#f0f0f0",
    "line": "#d1d1d1",
    "text": "#242424",
    "subtle": "#616161",
    "accent": "#5b5fc7",
    "good": "#237b4b",
    "warning": "#8a5a00",
    "attention": "#c4314b",
}
_DARK = {
    "page": "#141414",
    "card": "#292929",
    "emphasis": "#3d3d3d",
    "line": "#616161",
    "text": "#ffffff",
    "subtle": "#b3b3b3",
    "accent": "#9ea2ff",
    "good": "#92c353",
    "warning": "#f8d22a",
    "attention": "#f1707b",
}
_CONTRAST = {
    "page": "#000000",
    "card": "#000000",
    "emphasis": "#000000",
    "line": "#ffffff",
    "text": "#ffffff",
    "subtle": "#ffffff",
    "accent": "#ffff01",
    "good": "#3ff23f",
    "warning": "#ffff01",
    "attention": "#ffff01",
}
"""As little colour as a client may leave: no shades, and what warns looks like what is only stressed."""
PANES = ((_LIGHT, 480), (_DARK, 480), (_CONTRAST, 480), (_LIGHT, 320))

_STYLE = """
* { box-sizing: border-box; }
body { margin: 0; font: 14px/20px "Segoe UI", "Liberation Sans", sans-serif; }
#panes { display: flex; align-items: flex-start; width: max-content; }
.pane { padding: 12px; align-self: stretch; background: var(--page); }
.card { background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: 6px;
  overflow: hidden; }
.ac-textBlock p { margin: 0; } .ac-textBlock ul { margin: 0; padding-left: 20px; }
.ac-actionSet { flex-wrap: wrap; row-gap: 8px; }
.ac-pushButton { font: 600 14px/20px "Segoe UI", "Liberation Sans", sans-serif; padding: 5px 12px; border-radius: 4px;
  border: 1px solid var(--line); background: var(--card); color: var(--text); }
.ac-pushButton.style-positive { background: var(--accent); border-color: var(--accent); color: var(--card); }
.ac-pushButton.style-destructive { color: var(--attention); }
.ac-input { font: inherit; padding: 5px 10px; border: 1px solid var(--line); border-radius: 4px; width: 100%;
  background: var(--emphasis); color: var(--text); }
.ac-input[type=checkbox], .ac-input[type=radio] { width: auto; accent-color: var(--accent); }
.ac-choiceSetInput-expanded, .ac-choiceSetInput-multiSelect, div.ac-input { border: 0; background: none; padding: 0; }
textarea.ac-input { height: 80px; }
::placeholder { color: var(--subtle); opacity: 1; }
table { border-color: var(--line) !important; }
"""
_RENDER = """
([card, panes, configurations]) => {
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = markdownit().render(text);
    result.didProcess = true;
  };
  const all = document.getElementById("panes");
  all.replaceChildren();
  panes.forEach(([colors, width], number) => {
    const pane = document.createElement("div"), frame = document.createElement("div");
    pane.className = "pane";
    frame.className = "card";
    frame.style.width = `${width}px`;
    for (const [name, color] of Object.entries(colors)) pane.style.setProperty(`--${name}`, color);
    const made = new AdaptiveCards.AdaptiveCard();
    made.hostConfig = new AdaptiveCards.HostConfig(configurations[number]);
    made.parse(card);
    frame.append(made.render());
    pane.append(frame);
    all.append(pane);
    frame.querySelector(".ac-pushButton[aria-expanded=false]")?.click();
  });
}
"""


def configuration(colors: Mapping[str, str]) -> dict[str, Any]:
    """Return a host's configuration in some colours, with the measures of Teams."""

    def both(color: str) -> dict[str, str]:
        return {"default": color, "subtle": color}

    words = {name: both(colors[name]) for name in ("accent", "good", "warning", "attention")}
    default = {"default": colors["text"], "subtle": colors["subtle"]}
    shades = {"default": default, "dark": default, "light": default, **words}
    style = {"foregroundColors": shades, "borderColor": colors["line"]}
    return {
        "fontFamily": '"Segoe UI", "Liberation Sans", sans-serif',
        "fontSizes": {"small": 12, "default": 14, "medium": 16, "large": 18, "extraLarge": 24},
        "spacing": {"small": 4, "default": 8, "medium": 16, "large": 20, "extraLarge": 24, "padding": 16},
        "separator": {"lineThickness": 1, "lineColor": colors["line"]},
        "containerStyles": {
            "default": {"backgroundColor": colors["card"], **style},
            "emphasis": {"backgroundColor": colors["emphasis"], **style},
            "accent": {"backgroundColor": colors["accent"], **style},
            "good": {"backgroundColor": colors["good"], **style},
        },
        "actions": {
            "maxActions": 20,
            "buttonSpacing": 8,
            "actionAlignment": "left",
            "showCard": {"inlineTopMargin": 12},
        },
        "factSet": {"title": {"weight": "bolder", "maxWidth": 160}, "spacing": 12},
        "table": {"cellSpacing": 8},
    }


def palette() -> Image.Image:
    """Return the colours of the pictures: those of the panes, and the shades between words and what is behind them."""
    shades: list[tuple[int, ...]] = []
    for colors in (_LIGHT, _DARK, _CONTRAST):
        behind = [_rgb(colors[name]) for name in ("page", "card", "emphasis")]
        words = [_rgb(colors[name]) for name in ("line", "subtle", "accent", "good", "warning", "attention", "text")]
        mixed = [_mix(word, back, part / 4) for word in words for back in behind[1:] for part in (1, 2, 3, 4)]
        shades += [*behind, *mixed]
    made = Image.new("P", (1, 1))
    made.putpalette([part for shade in dict.fromkeys(shades) for part in shade])
    return made


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color.removeprefix("#")))


def _mix(over: tuple[int, ...], under: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(round(one * share + other * (1 - share)) for one, other in zip(over, under, strict=True))


def file_name(name: str) -> str:
    """Return the file of a card's picture."""
    return f"{re.sub(r'[^a-z]+', '-', name.lower()).strip('-')}.png"


def pictures(browser: Browser, cards: Mapping[str, Any], folder: Path) -> None:
    """Take the picture of each card, its panes side by side: 480 px in each theme, 320 px in light."""
    page = browser.new_page(viewport={"width": 1880, "height": 800})
    page.set_content(f"<style>{_STYLE}</style><div id=panes></div>")
    for script in SCRIPTS:
        page.add_script_tag(path=INSTALLED / script)
    configurations = [configuration(colors) for colors, _ in PANES]
    for name, card in cards.items():
        page.evaluate(_RENDER, [card, PANES, configurations])
        taken = Image.open(io.BytesIO(page.locator("#panes").screenshot()))
        few = taken.convert("RGB").quantize(palette=palette(), dither=Image.Dither.NONE)
        few.save(folder / file_name(name), optimize=True)


def index(names: Iterable[str]) -> str:
    """Return the list of the pictures."""
    lines = [f"## {name.capitalize()}\n\n![{name}]({file_name(name)})\n" for name in names]
    return "\n".join(
        [
            "# Cards",
            "",
            "Every card that people see in chat: in light, in dark, in high contrast, and at the 320 px of a phone.",
            "`make cards` takes these pictures anew, with Microsoft's renderer in Chromium. Of what unfolds, the first",
            "part is open. In high contrast no colour tells anything that words or signs don't.",
            "Teams draws charts; here stands what clients show that can't.",
            "",
            *lines,
        ]
    )


def main() -> None:
    """Take all pictures anew, or those whose names are given."""
    parser = argparse.ArgumentParser(description="Takes the pictures of docs/cards anew.")
    parser.add_argument("names", nargs="*", help="of the cards; all by default")
    names = parser.parse_args().names
    chromium = next((path for path in CHROMIUM if Path(path).exists()), shutil.which("chromium"))
    if not chromium:
        sys.exit("The pictures need Chromium: install it (on Debian: apt-get install chromium).")
    FOLDER.mkdir(parents=True, exist_ok=True)
    cards = json.loads(json.dumps({name: CARDS[name] for name in names or SHOWN}))
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        pictures(browser, cards, FOLDER)
        browser.close()
    (FOLDER / "README.md").write_text(index(SHOWN), "utf-8")


if __name__ == "__main__":
    main()
