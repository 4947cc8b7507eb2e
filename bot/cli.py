"""The program `attune`: each command reads the settings, imports its own part and starts it."""

import typer

main = typer.Typer(name="attune", help="Tuned agents in Microsoft Teams.", no_args_is_help=True, add_completion=False)


@main.callback()
def attune() -> None:
    """Turn a team's documents into small, tuned agents that live in Microsoft Teams."""
