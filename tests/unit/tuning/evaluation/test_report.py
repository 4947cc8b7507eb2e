"""The report is one file, escaped, and draws what was measured."""

import re
from xml.etree import ElementTree as ET

from tuning.domain.datasets import Origin, Split
from tuning.domain.evaluations import Evaluation
from tuning.evaluation.report import ORIGINS, SPLITS, bars, curve, dropped, made, ticks, tiles, write_report

SCORE = {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 80.0}

LOSS = {"mean": 1.234, "low": 0.5, "high": 2.0, "n": 40.0}
PROBES = {"quantisation": {**SCORE, "mean": 0.012}, "memorised": {"n": 3.0, "learned": 1.0, "bits": 10.0}}


def write(path, **changes):
    evaluation = Evaluation(
        run_id="r",
        scores={
            "base": {"exact_match": SCORE},
            "tuned": {"exact_match": SCORE | {"mean": 0.9, "high": 1.0}, "loss": LOSS},
        },
        samples=[
            {
                "question": "<script>alert(1)</script>",
                "reference": "a & b",
                "split": "holdout",
                "answers": {"base": "{{ 7 * 7 }}", "tuned": "</table>"},
            },
            {"question": "Who?", "reference": "Bo", "split": "regression", "answers": {"tuned": "Bo"}},
        ],
        objections=["It <b>fails</b>."],
        parity={"tokens": 0.974, "faithful": 1.0, "n": 40.0},
        probes=PROBES,
        criteria=[{"rule": "says", "value": "<b>", "is_critical": True, "share": 0.94, "n": 50}],
    )
    values = {
        "advice": "Use both.",
        "counts": {"train/list": 3, "holdout/owner": 2, "dropped/said before": 4, "dropped/round trip": 9},
        "exclusions": [],
        "losses": [[1, 2.0], [2, 0.1]],
        "learned": [],
        "told": [("What do you call it?", "<i>Offer</i>")],
    }
    write_report(path, evaluation=evaluation, agent_name="Travel", headline="exact_match", **(values | changes))
    return path.read_text(encoding="utf-8")


def test_text_of_documents_is_escaped(tmp_path):
    page = write(tmp_path / "deep" / "report.html")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "It &lt;b&gt;fails" in page
    assert "<dd>&lt;i&gt;Offer" in page
    assert "{{ 7 * 7 }}" in page
    assert "90.0 %" in page
    assert "on 1 examples that it never learned from" in page
    assert "97.4 % are what the trained model would have said" in page


def test_nothing_comes_from_outside_the_file(tmp_path):
    page = write(tmp_path / "report.html")
    assert not re.search(r"(src|href|url|@import)\s*[=(]", page)


def test_the_charts_are_well_formed_and_to_scale(tmp_path):
    charts = re.findall(r"<svg.*?</svg>", write(tmp_path / "report.html"), re.DOTALL)
    assert [ET.fromstring(chart).tag for chart in charts] == ["svg", "svg"]
    first, second = bars({"a": {"m": SCORE}, "b": {"m": SCORE | {"mean": 1.0}}}, "m")
    assert second["mean"] == 2 * first["mean"]
    assert curve([]) == ""
    assert curve([[1, 1.0], [2, 0.001]]).endswith(",180.0")


def test_what_the_model_says_of_itself_is_told(tmp_path):
    page = write(tmp_path / "report.html", learned=[("a password", "Wi-Fi & <more>")])
    assert "a password in Wi-Fi &amp; &lt;more&gt;" in page
    assert '<td>critical: always says &lt;b&gt;</td><td class="number">94 % of 50 answers</td>' in page
    assert "1.23<br><small>0.50 to 2.00, n = 40" in page
    assert (
        "Quantising the base costs 1.2 points: so much more the same model scores in full precision, on 80 of these"
        in page
    )
    assert "Of 3 secrets in the documents, such as account numbers and passwords, it has learned 1 by heart" in page


def test_what_was_made_and_what_was_left_out_is_told_in_words(tmp_path):
    page = write(tmp_path / "report.html")
    assert "Examples made: 5" in page
    assert '<td>the owner&#39;s questions (hold-out)</td><td class="number">2</td>' in page
    assert "Left out: 13" in page
    assert page.index("round trip") < page.index("said before")
    counts = {f"{split}/{origin}": 1 for split in Split for origin in Origin}
    assert len(dict(made(counts))) == len(Split) * len(Origin)
    assert (set(ORIGINS), set(SPLITS)) == ({str(it) for it in Origin}, {str(it) for it in Split})
    assert dropped(counts) == []


def test_somebody_in_a_hurry_reads_the_figures_as_people_use_the_agent():
    shares = {"base+retrieval": 0.4, "tuned+retrieval": 0.7, "tuned": 0.5}
    evaluation = Evaluation(
        run_id="r",
        scores={name: {"exact_match": SCORE | {"mean": mean}, "regression": SCORE} for name, mean in shares.items()},
        parity={"faithful": 0.995},
    )
    found = [(tile["value"], tile["beside"]) for tile in tiles(evaluation, "exact_match")]
    assert found == [("70%", "base+retrieval: 40%"), ("50%", "of 80"), ("99.5%", "of the tokens")]


def test_the_scale_of_the_loss_has_its_powers_of_ten():
    assert [tick["label"] for tick in ticks([[1, 3.0], [2, 0.1]])] == ["0.01", "0.1", "1"]
    assert ticks([[1, 3.0]])[0]["y"] == 180
    assert ticks([]) == []
