"""Whether docs/kubernetes.yaml is a Job, offline: the Kubernetes client's own models read it, and refuse a
field that they do not know.

Needs the package kubernetes, 37 or later, which medner does not. That a cluster runs it is not shown.
"""

import json
import sys
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Print what is wrong with the manifest, store what was checked, and exit 1 where something is."""
    try:
        from kubernetes import __version__
        from kubernetes.client import V1Job
    except ImportError:
        print("docs/kubernetes.yaml: not checked, the package kubernetes is not installed")
        return
    stated = yaml.safe_load((PROJECT / "docs" / "kubernetes.yaml").read_text(encoding="utf-8"))
    try:
        V1Job.model_validate(stated)
        wrong = None
    except ValueError as error:
        wrong = str(error)
    print(wrong or f"docs/kubernetes.yaml is a Job, by the models of kubernetes {__version__}")
    found = {"kubernetes client": __version__, "docs/kubernetes.yaml is a Job": wrong is None}
    (PROJECT / "benchmarks" / "results" / "manifest.json").write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(wrong is not None)


if __name__ == "__main__":
    main()
