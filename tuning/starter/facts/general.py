"""Facts about whatever an invented name stands for: nothing but the passage can tell."""

from tuning.starter.facts import doing
from tuning.starter.facts.family import Family

_THINGS = (
    "the {x} = the {x}",
    "{x} = {x}",
    "the {x} rule = the {x} rule | {x}",
    "the {x} scheme = the {x} scheme | {x}",
    "the {x} contract = the {x} contract | the contract with {x}",
    "the {x} building = the {x} building | {x}",
    "the {x} procedure = the {x} procedure | {x}",
    "the {x} team = the {x} team | {x}",
    "the {x} machine = the {x} machine",
    "the {x} workshop = the {x} workshop",
    "the {x} order = the {x} order",
    "the {x} tender = the {x} tender",
    "the {x} file = the {x} file",
    "the {x} campaign = the {x} campaign | {x}",
    "the {n} = the {n}",
    "the {n} = the {n}",
    "the {n} = the {n} | a {n} | our {n}",
    "a {n} = a {n} | the {n} | my {n}",
    "the {n} of {x} = the {n} of {x} | {x}'s {n}",
    "the {n} for {x} = the {n} for {x}",
    "the {n} in {x} = the {n} in {x}",
)

FAMILIES = (
    Family(
        topics="Overview|Owner|People",
        about=_THINGS,
        values="person who team",
        statements=(
            "{v} (is responsible for|leads|runs|owns|signed|started) {k}.",
            "{k} (is led|is run|was started|was set up) by {v}.",
            "The (owner|head|contact) of {k} is {v}.",
        ),
        questions=(
            "Who (leads|runs|owns|started|is responsible for|is behind) {k}?",
            "Who is the (owner|head|contact) of {k}?",
            "Whom do I ask about {k}?",
        ),
    ),
    Family(
        topics="Overview|Dates|Calendar",
        about=_THINGS,
        values="date month",
        statements=(
            "{k} (starts|begins|opens|ends|expires|took effect) (on|in|) {v}.",
            "The date of {k} is {v}.",
            "{k} has been (in force|in use|open) since {v}.",
            "(Since|From|Until) {v}, {k} (is|applies|is valid).",
        ),
        questions=(
            "When (does|did|will) {k} (start|end|open|begin|expire)?",
            "Since when or until when is {k}?",
            "What is the date of {k}?",
            "From when (does|is) {k}?",
        ),
    ),
    Family(
        topics="Overview|Costs|Budget|Figures",
        about=_THINGS,
        values="money money_month",
        statements=(
            "{k} (costs|cost|has a budget of|brings in|is worth) {v}.",
            "The (cost|budget|price|value) of {k} is {v}.",
            "We (spent|planned|approved|paid) {v} (for|on) {k}.",
        ),
        questions=(
            "How much (does|did|is) {k}( cost|)?",
            "What is the (budget|cost|price|value) of {k}?",
            "How much (money|was spent|do we pay|was approved) for {k}?",
        ),
    ),
    Family(
        topics="Overview|Location|Site",
        about=_THINGS,
        values="place",
        statements=(
            "{k} is (in|at|located in|found in|kept in) {v}.",
            "{k} (takes place|happens|is held) (in|at) {v}.",
            "You find {k} in {v}.",
            "{k} has moved to {v}.",
        ),
        questions=(
            "Where is {k}?",
            "Where (do I find|can I find|is the place of) {k}?",
            "In what place is {k} (held|kept|found)?",
            "Where has {k} moved?",
        ),
    ),
    Family(
        topics="Overview|Reference|Codes",
        about=_THINGS,
        values="code version",
        statements=(
            "The (code|number|reference) of {k} is {v}.",
            "{k} (has|carries|is filed under) (number|reference|code) {v}.",
            "(Quote|Use|State) {v} for {k}.",
        ),
        questions=(
            "What is the (code|number|reference) (of|for) {k}?",
            "Under (what|which) (number|code) is {k}?",
            "Which reference do I quote for {k}?",
        ),
    ),
    Family(
        topics="Overview|Numbers|Facts",
        about=_THINGS,
        values="count people percent size",
        statements=(
            "{k} (has|needs|includes|covers|uses|counts) {v}.",
            "{k} is (limited to|made for|based on) {v}.",
            "For {k} we (need|plan|count|expect) {v}.",
        ),
        questions=(
            "How (many|much) (does|is|are there in) {k}( have| need| include| use|)?",
            "What does {k} (have|need|include|cover)?",
            "What is the (number|limit|figure) for {k}?",
        ),
    ),
    Family(
        topics="Overview|Time|Length",
        about=_THINGS,
        values="duration every hours",
        statements=(
            "{k} (takes|lasts|is valid for|runs for) {v}.",
            "The (length|duration|time) of {k} is {v}.",
            "{k} (happens|is open|is checked|repeats) {v}.",
        ),
        questions=(
            "How (long|often) (is|does|does it take for) {k}( last| take| happen|)?",
            "What is the (length|duration|time) of {k}?",
            "When or how often (is|does) {k}?",
        ),
    ),
    Family(
        topics="Overview|Tools|Material",
        about=_THINGS,
        values="tool item form",
        statements=(
            "{k} (uses|needs|runs on|requires|comes with) {v}.",
            "For {k}, (use|take|fill in|we use) {v}.",
            "{v} is (used|needed|made) for {k}.",
        ),
        questions=(
            "What (does|is used for|do I need for|is needed for) {k}?",
            "What do we use for {k}?",
            "Which (tool|thing|form) (is|goes with|does) {k}( need|)?",
        ),
    ),
    Family(
        topics="Overview|Colours|Names",
        about=_THINGS,
        values="colour name",
        statements=(
            "The (colour|label|sign|name) of {k} is {v}.",
            "{k} is (marked|labelled|painted|called|known as) {v}.",
            "We call {k} {v}.",
        ),
        questions=(
            "What is the (colour|label|sign|name) of {k}?",
            "How is {k} (marked|labelled|called|known)?",
            "What do we call {k}?",
        ),
    ),
    *doing.FAMILIES,
)
