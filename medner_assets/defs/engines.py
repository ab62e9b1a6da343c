"""What launches the processes that train, generate and annotate: MEDNER_ENGINE, `local`, `ray` or `slurm`.

The command is the same everywhere: `python -m <module> --job <file>`. An engine runs it to its end, hands its
messages to Dagster as they come, leaves what it said on standard error in `stderr.log` of the step's folder,
and leaves nothing of it running, however the step ends.
"""

from contextlib import nullcontext

import dagster as dg

from medner_assets import paths
from medner_assets.defs.cards import Card, own_card
from medner_assets.defs.command import Command, Engine
from medner_assets.defs.processes import supervise
from medner_assets.environment import engine_name
from medner_assets.errors import MednerError


def local(command: Command) -> int:
    """Run the command in a process group of this machine."""
    with (
        own_card(paths.data() / "work" / ".cards")
        if command.shares_host
        else nullcontext(Card({}, ())) as card,
        dg.open_pipes_session(
            context=command.context,
            context_injector=dg.PipesTempFileContextInjector(),
            message_reader=dg.PipesTempFileMessageReader(),
        ) as session,
    ):
        return supervise(
            command.argv,
            {**command.environment, **card.environment, **session.get_bootstrap_env_vars()},
            folder=command.folder,
            held=[command.held, *card.held],
        )


def engine() -> Engine:
    """Return the engine that MEDNER_ENGINE names; raise MednerError when there is none of that name."""
    name = engine_name()
    if name == "local":
        return local
    if name == "ray":
        from medner_assets.defs.ray_engine import run_on_ray

        return run_on_ray
    if name == "slurm":
        from medner_assets.defs.slurm_engine import run_on_slurm

        return run_on_slurm
    raise MednerError(f"MEDNER_ENGINE={name}: no such engine: use local, ray or slurm")


def has_arrays() -> bool:
    """Tell whether the engine runs several commands as tasks of one job array."""
    return engine_name() == "slurm"
