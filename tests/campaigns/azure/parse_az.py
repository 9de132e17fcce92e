"""Asks azure-cli's own parser about commands; runs on the Python that azure-cli is installed for.

Reads one JSON list of arguments a line, without the `az` in front, and answers each with a line:
the parser's complaint, or nothing. Nothing is run and nobody is asked.
"""

import contextlib
import io
import json
import sys

from azure.cli.core import get_default_cli


def complaint(arguments: list[str]) -> str:
    """Return what the parser says of a command, empty when it takes it."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            _parse(arguments)
        except SystemExit as end:
            return said.getvalue().strip() or ("" if end.code == 0 else f"exit {end.code}")
        except Exception as error:  # whatever it is, the command would not run
            return f"{type(error).__name__}: {error}"
    return ""


def _parse(arguments: list[str]) -> None:
    cli = get_default_cli()
    invocation = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=cli.parser_cls,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    cli.invocation = invocation
    loader = invocation.commands_loader
    loader.load_command_table(arguments)
    command = invocation._rudimentary_get_command(arguments)
    if command not in loader.command_table:
        raise ValueError(f"no such command: {' '.join(arguments[:4])}")
    invocation.data["command_string"] = command
    loader.load_arguments(command)
    invocation.parser.load_command_table(loader)
    invocation.parser.parse_args(arguments)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(complaint(json.loads(line))), flush=True)
