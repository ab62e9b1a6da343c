import json
from pathlib import Path

import pytest
import torch  # noqa: TID253

from medner_assets.errors import MednerError
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.training.preparation import prepared
from medner_assets.modeling.training.together import fitting, train_together
from medner_assets.modeling.training.turns import Turns
from medner_assets_tests.modeling.test_training import job, weights

CPU = torch.device("cpu")


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, msg: str) -> None:
        self.lines.append(msg)


def test_works_take_turns_and_one_that_fails_leaves_the_others_alone():
    turns, done = Turns(CPU), []

    def work(name: str, steps: int, fails: bool = False) -> None:
        for step in range(steps):
            turns.pass_on()
            done.append(f"{name}{step}")
            if fails:
                raise MednerError(f"{name} broke")

    raised = turns.run(
        [lambda: work("a", 3), lambda: work("b", 3, fails=True), lambda: work("c", 2)],
        at_once=3,
        streams=True,
    )
    assert done == ["a0", "b0", "c0", "a1", "c1", "a2"]
    assert [str(error) if error else None for error in raised] == [None, "b broke", None]


def test_no_more_are_under_way_than_asked_for():
    turns, under_way, most = Turns(CPU), set(), []

    def work(name: int) -> None:
        under_way.add(name)
        for _ in range(3):
            turns.pass_on()
            most.append(len(under_way))
        under_way.discard(name)

    turns.run([lambda i=i: work(i) for i in range(5)], at_once=2, streams=False)
    assert max(most) == 2
    assert not under_way


def test_each_finds_the_random_numbers_where_it_left_them():
    def alone(seed: int) -> list[float]:
        torch.manual_seed(seed)
        return torch.rand(4).tolist()

    turns, drawn = Turns(CPU), {1: [], 2: []}

    def work(seed: int) -> None:
        torch.manual_seed(seed)
        for _ in range(4):
            turns.pass_on()
            drawn[seed].append(float(torch.rand(())))

    turns.run([lambda: work(1), lambda: work(2)], at_once=2, streams=False)
    assert drawn[1] == pytest.approx(alone(1))
    assert drawn[2] == pytest.approx(alone(2))


def test_a_card_that_is_too_small_takes_fewer_at_once_and_always_one():
    assert fitting(5, state=1, step=9, usable=50) == (5, True)
    assert fitting(5, state=1, step=9, usable=49) == (5, False)  # one step at a time
    assert fitting(5, state=10, step=9, usable=40) == (3, False)
    assert fitting(5, state=10, step=9, usable=5) == (1, False)


def replicate(folder: Path, base: Path, seed: int, **training: object):
    made = job(folder, base, fingerprint=f"f{seed}", epochs=1, **training)
    return made.model_copy(
        update={"version": f"mini.r{seed}", "recipe": made.recipe.model_copy(update={"seed": seed})}
    )


def log_of(folder: Path) -> list[dict]:
    rows = (folder / "adapter" / "training_log.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(row).items() if k != "seconds"} for row in rows]


def test_replicates_trained_together_are_those_trained_alone_and_one_that_diverges_is_said(
    tmp_path, miniature_base
):
    jobs = [replicate(tmp_path / f"t{seed}", miniature_base, seed) for seed in (1, 2)]
    wild = replicate(tmp_path / "t3", miniature_base, 3)
    hot = wild.base.model_copy(update={"learning_rate_multiplier": 1e30})
    log = Lines()
    facts = train_together([*jobs, wild.model_copy(update={"base": hot})], log)
    alone = prepared(replicate(tmp_path / "a2", miniature_base, 2), Silence())
    alone.trainer.args.logging_steps = 3  # as on a GPU: steps that are read later are logged all the same
    alone.run()
    assert weights(tmp_path / "t2") == weights(tmp_path / "a2")
    assert weights(tmp_path / "t2") != weights(tmp_path / "t1")
    assert log_of(tmp_path / "t2") == log_of(tmp_path / "a2")
    assert [row["step"] for row in log_of(tmp_path / "a2") if row["kind"] == "train"] == [1, 2, 3, 4]
    assert facts["seed"] == 1
    assert sum(" samples, " in line for line in log.lines) == 1  # those of all are the same
    assert sum(facts["start_seconds"].values()) > 0
    assert not wild.output.exists()
    said = [line for line in log.lines if line.startswith("mini.r3 was not trained with the others: the ")]
    assert len(said) == 1
    assert "lower training.learning_rate" in said[0]
    assert "3 of 3 replicates at once" in " ".join(log.lines)
