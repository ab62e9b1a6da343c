"""The audit beside a training that leaves cores idle: there when the training is, and never lost silently."""

from medner_assets_tests.support.checkout import make_checkout


def test_an_audit_beside_a_training_is_there_when_that_has_ended_and_one_that_fails_is_told(tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    ran = checkout.python(
        "from medner_assets.commands import runs",
        "from medner_assets.errors import MednerError",
        "runs.leaves_cores_idle = lambda: True",
        "with runs.built('miniature'):",
        "    print('built', runs.Warehouse.of_no_run().store().has('documents', 'miniature'))",
        "    print('audited', runs.is_ready('miniature'))",
        "print('audited', runs.is_ready('miniature'))",
        "try:",
        "    with runs.audited_beside('none-such'): print('trained')",
        "except MednerError as error: print(error)",
    )
    *lines, reason = ran.out.splitlines()
    assert lines == ["built True", "audited False", "audited True", "trained"], ran.err
    assert "✓ dataset audit" in ran.err
    assert reason.startswith("none-such was not audited: ")
    assert "Traceback" not in reason
