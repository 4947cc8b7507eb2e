"""Step 1: what the agent does, and its name."""

from adaptive_cards.elements import Element, card, choice_input, execute, heading, paragraph, text_input
from adaptive_cards.verbs import Verb
from tuning.domain.prompts import Task

TASKS = {
    Task.QUESTIONS: "Answers questions about documents",
    Task.GENERATION: "Drafts documents like earlier ones",
    Task.SUMMARY: "Summarises documents",
}


def details_card(problem: str = "", *, name: str = "", task: Task = Task.QUESTIONS, description: str = "") -> Element:
    """Return the form for a new agent, with what was wrong about the last try."""
    return card(
        heading("New agent · 1 of 5"),
        paragraph(problem, color="attention") if problem else None,
        choice_input(
            "task", "What should it do?", [(title, key.value) for key, title in TASKS.items()], value=task.value
        ),
        text_input("name", "Name", value=name, placeholder="HR Helper", longest=60, is_required=True),
        text_input(
            "description", "What is it for? One sentence for the people who use it.", value=description, longest=300
        ),
        actions=[execute("Next", Verb.WIZARD_CREATE, style="positive")],
    )
