"""Draws the app's two icons, a tuning fork that sounds: `python appPackage/draw_icons.py`."""

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent
ACCENT = "#4F52B2"
WHITE = "#FFFFFF"
FINENESS = 8
"""How many times larger the drawing is than the picture, so that its edges come out smooth."""


def draw_icon(size: int, background: str | None, *, thickness: float, height: float) -> Image.Image:
    """Return a square icon of `size` pixels; thickness and height of the fork are shares of the size."""
    edge = size * FINENESS
    image = Image.new("RGBA", (edge, edge), background or (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    line, middle = thickness * edge, edge / 2
    top, bottom = (1 - height) / 2 * edge, (1 + height) / 2 * edge
    reach = 0.22 * height * edge  # from the middle of the fork to the middle of a prong
    bend = top + 0.45 * height * edge

    def stroke(x0: float, y0: float, x1: float, y1: float) -> None:
        draw.rounded_rectangle((x0 - line / 2, y0, x1 + line / 2, y1), radius=line / 2, fill=WHITE)

    stroke(middle - reach, top, middle - reach, bend + line / 2)
    stroke(middle + reach, top, middle + reach, bend + line / 2)
    bow = (middle - reach - line / 2, bend - reach - line / 2, middle + reach + line / 2, bend + reach + line / 2)
    draw.arc(bow, start=0, end=180, fill=WHITE, width=round(line))
    stroke(middle, bend + reach - line / 2, middle, bottom)
    for side, start in ((-1, 150), (1, -30)):
        centre = middle + side * 0.10 * height * edge
        for radius in (0.30 * height * edge, 0.44 * height * edge):
            box = (
                centre - radius,
                bend - 0.14 * height * edge - radius,
                centre + radius,
                bend - 0.14 * height * edge + radius,
            )
            draw.arc(box, start=start, end=start + 60, fill=WHITE, width=round(line * 0.62))
    return image.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    draw_icon(192, ACCENT, thickness=0.055, height=0.62).save(FOLDER / "color.png", optimize=True)
    draw_icon(32, None, thickness=0.085, height=0.90).save(FOLDER / "outline.png", optimize=True)
