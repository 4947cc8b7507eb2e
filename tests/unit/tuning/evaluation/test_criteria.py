"""Each rule on answers that keep to it and that don't."""

import pytest

from tuning.domain.criteria import Criterion, Rule
from tuning.evaluation.criteria import kept, meets


@pytest.mark.parametrize(
    ("rule", "value", "good", "bad"),
    [
        (Rule.MOST_WORDS, "3", "Two days off [1]", "Two days off then"),
        (Rule.LEAST_WORDS, "3", "Two days off", "Two days [1]"),
        (Rule.CITES, "", "Two days [2]", "Two days [3]"),
        (Rule.CITES, "", "Two days [1][2]", "Two days"),
        (Rule.HEADING, "Scope", "# Terms\n\n## Scope\nAll.", "The scope is all."),
        (Rule.HEADING, "Scope", "**Scope:**\nAll.", "# Scope of work"),
        (Rule.SAYS, "as of", "As of May, two.", "Since May, two."),
        (Rule.SAYS, "HR", "Ask HR.", "Within three days."),
        (Rule.NEVER_SAYS, "AI", "Send an email.", "Ask the AI."),
        (Rule.NEVER_SAYS, "Guaranteed", "Two days.", "Two days are guaranteed."),
    ],
)
def test_a_rule_tells_good_from_bad(rule, value, good, bad):
    criterion = Criterion(rule=rule, value=value)
    assert meets(criterion, good, 2)
    assert not meets(criterion, bad, 2)


def test_shares_are_of_all_answers_and_nothing_is_said_of_none():
    criterion = Criterion(rule=Rule.MOST_WORDS, value="1")
    [found] = kept([criterion], [("Two", 0), ("Two days", 0)])
    assert (found.share, found.n) == (0.5, 2)
    assert kept([criterion], []) == []
