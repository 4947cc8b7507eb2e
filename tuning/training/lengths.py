"""How many tokens examples have for a base model, in a child process: `python -m tuning.training.lengths REQUEST.json`.

A request has the folder of the base model as `base`, `examples` with their `messages` and `completion`, and the path of
the `result`.
"""

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from tuning.domain.datasets import Origin
from tuning.training.child import DONE, FAILED, FAILURE, MISUSED, explain
from tuning.training.files import write_json


def main() -> int:
    """Write the tokens of each example's prompt, and of it with its completion; return the exit code."""
    if len(sys.argv) != len(("program", "request")):
        sys.stderr.write("usage: python -m tuning.training.lengths REQUEST.json\n")
        return MISUSED
    request: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    result = Path(request["result"])
    try:
        from tuning.training.models import load_tokenizer  # noqa: PLC0415 - torch takes seconds, and may fail to load
        from tuning.training.rows import render_row  # noqa: PLC0415 - the same

        tokenizer = load_tokenizer(Path(request["base"]))
        rows = [render_row(tokenizer, it["messages"], it["completion"], Origin.PAIR) for it in request["examples"]]
    except Exception as error:  # noqa: BLE001 - whatever it was, the person gets a sentence and the log the rest
        traceback.print_exc()
        failure = explain(error)
        said = {"code": failure.failure, "error": failure.what, "remedy": failure.remedy}
        write_json(result.parent / FAILURE, said)
        return FAILED
    write_json(result, [[row.start, len(row.tokens)] for row in rows])
    return DONE


if __name__ == "__main__":
    sys.exit(main())
