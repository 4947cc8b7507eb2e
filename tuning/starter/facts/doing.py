"""Facts about whatever can be done with whatever: verbs and things by chance, so that only the words can be matched."""

from tuning.starter.facts.family import Family

_DEEDS = (
    "{d} = {d}",
    "{d} = {d}",
    "{d} for {x} = {d} for {x}",
    "{d} at {x} = {d} at {x}",
    "{d} or {d} = {d} | {d}",
)

FAMILIES = (
    Family(
        topics="Deadlines|Time limits|What to do|Steps",
        about=_DEEDS,
        values="days hours_long duration",
        statements=(
            "(You|Employees|Staff|Managers|We) (must|have to|should) {k}{e} within {v}.",
            "{k}{e} (within|after) {v}(| of the event| at the latest).",
            "You (can|may) {k}{e} for (up to|at most|no more than) {v}.",
            "(Within|After) {v}(|,) (you|we|managers) {k}{e}.",
            "It takes {v} to {k}{e}.",
        ),
        questions=(
            "How (soon|quickly|fast|long) (must|should|can|may) (I|we|managers|staff) {k}{e}?",
            "How (much time|long) (do I have|is there|does it take) to {k}{e}?",
            "By when (must|do) (I|we) (have to |){k}{e}?",
            "When (do|must|can) (we|I|staff) {k}{e}?",
            "For how long (can|may) (I|people) {k}{e}?",
        ),
    ),
    Family(
        topics="Who does what|Tasks|People|Contacts",
        about=_DEEDS,
        values="person who role team person",
        statements=(
            "{v} (will|can|may|has to|is there to|is the one to) {k}{e}.",
            "(Ask|Tell|Call) {v} to {k}{e}.",
            "To {k}{e}, (turn|talk|go) to {v}.",
            "Only {v} (may|can) {k}{e}.",
            "If you have to {k}{e}, {v} (helps|supports you|gives advice|decides).",
        ),
        questions=(
            "Who (will|can|may|has to|gets to) {k}{e}?",
            "Who do I (ask|tell|call|need) to {k}{e}?",
            "To whom (do|can) I turn if I (must|want to) {k}{e}?",
            "Who (helps|supports|advises) me to {k}{e}?",
        ),
    ),
    Family(
        topics="Tools|How to|Steps|Systems",
        about=_DEEDS,
        values="tool form item name tool",
        statements=(
            "(Use|Open|Take|Fill in) {v} to {k}{e}.",
            "To {k}{e}, (use|open|you need|fill in|start) {v}.",
            "We {k}{e} (in|with|through|by means of) {v}.",
            "{v} is (the place|used|needed|there) to {k}{e}.",
        ),
        questions=(
            "(What|Which tool|Which form|Which system) do (I|we) (use|need|open|fill in) to {k}{e}?",
            "(In which tool|With what|Where|How) do (we|I) {k}{e}?",
            "What is (used|needed|required) to {k}{e}?",
            "Which (software|paper|tool) is there to {k}{e}?",
        ),
    ),
    Family(
        topics="How often|Calendar|Rhythm|Dates",
        about=_DEEDS,
        values="every date month clock every",
        statements=(
            "(We|Teams|Managers|All departments) {k}{e} {v}.",
            "(In|On|At|From) {v} (we|the teams|managers) {k}{e}.",
            "You can {k}{e} (until|before|from|by) {v}.",
            "The (time|date|moment) to {k}{e} is {v}.",
        ),
        questions=(
            "(How often|When|At what time|In which month) do (we|I|managers|people) {k}{e}?",
            "(When|How often|Until when|By when) can I {k}{e}?",
            "What is the (time|date|moment) to {k}{e}?",
        ),
    ),
    Family(
        topics="Costs|What we pay|Limits|Money",
        about=_DEEDS,
        values="money money_month percent money",
        statements=(
            "(You get|We pay|The company pays|There is) (|up to |at most ){v} (if you|when you|for people who) {k}{e}.",
            "To {k}{e} (costs|you pay|the charge is) {v}.",
            "(Whoever wants|People who have) to {k}{e} (pay|receive|get) {v}.",
            "{v} (is|are) (paid|set aside|planned) to {k}{e}.",
        ),
        questions=(
            "How much (do I get|is paid|does the company pay|do I receive) (if|when) I {k}{e}?",
            "What (does it cost|would I pay|is the charge|do I pay) to {k}{e}?",
            "How (big|large) is the (amount|share|sum) (if I|to) {k}{e}?",
            "What (share|amount) is (paid|set aside) to {k}{e}?",
        ),
    ),
    Family(
        topics="Places|Where|Contact|Addresses",
        about=_DEEDS,
        values="place phone email contact place",
        statements=(
            "You (can|may|must) {k}{e} (in|at) {v}.",
            "To {k}{e}, (go to|write to|call|come to|use) {v}.",
            "{v} is (where|the place where|how) (we|you|people) {k}{e}.",
            "(Staff|Visitors|We) {k}{e} (at|in) {v}.",
        ),
        questions=(
            "Where (can|do|must|may) (I|we|people|newcomers) {k}{e}?",
            "(Which number|Which address|What place) do I (call|write to|need|use) to {k}{e}?",
            "In (which|what) (room|place) do (we|people) {k}{e}?",
        ),
    ),
    Family(
        topics="Limits|Numbers|How many|Rules",
        about=_DEEDS,
        values="count people size",
        statements=(
            "You (may|can) {k}{e} with (up to|at most|no more than|) {v}.",
            "To {k}{e} you need (at least |){v}.",
            "{v} (are|is) (enough|the limit|required) to {k}{e}.",
            "After {v} (we|you) {k}{e}.",
        ),
        questions=(
            "How many (do I need|are needed|are enough|must there be) to {k}{e}?",
            "How (many|much) (may|can|do) (I|we) {k}{e}( with|)?",
            "What is (the limit|needed|required) to {k}{e}?",
            "When do (we|I) {k}{e}?",
        ),
    ),
)
"""In statements and questions about deeds, `{d}` is a verb with an object."""
