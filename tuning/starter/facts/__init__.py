"""The families of facts, by area of work."""

from tuning.starter.facts import finance, general, hr, it, product, security, travel
from tuning.starter.facts.family import Family

AREAS: dict[str, tuple[Family, ...]] = {
    "hr": hr.FAMILIES,
    "it": it.FAMILIES,
    "travel": travel.FAMILIES,
    "security": security.FAMILIES,
    "finance": finance.FAMILIES,
    "product": product.FAMILIES,
    "general": general.FAMILIES,
}
