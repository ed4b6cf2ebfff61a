"""All time points of a split."""

import hashlib
from pathlib import Path

from training.data.case import NORMALISATIONS, cached_case, preprocessing


def case_folders(root: Path, split: str) -> list:
    """Time points of a split that are complete, in order of name."""
    return sorted(note.parent for note in Path(root, split).glob("*/*/case.json"))


def refuse_shared_patients(root: Path) -> None:
    """Raises ValueError when a patient's folder is in more than one split of `root`."""
    splits: dict = {}
    for folder in sorted(path for path in root.glob("*/*") if path.is_dir()):
        splits.setdefault(folder.name, []).append(folder.parent.name)
    if shared := {patient: where for patient, where in splits.items() if len(where) > 1}:
        patient, where = next(iter(shared.items()))
        raise ValueError(
            f"{root}: {len(shared)} patients are in more than one split, "
            f"such as {patient} in {' and '.join(where)}; keep each in one"
        )


class Cases:
    """All cases of a split; `refresh` takes up new ones on disk, and lets go of those that are there no more."""

    def __init__(self, root: Path, split: str, cache: Path, normalisation: str = NORMALISATIONS[0]):
        self.root, self.split, self.cache, self.normalisation = Path(root), split, Path(cache), normalisation
        self.by_name: dict = {}
        self.refresh()

    def refresh(self) -> None:
        folders = {f"{f.parent.name}/{f.name}": f for f in case_folders(self.root, self.split)}
        for name in set(self.by_name) - set(folders):
            del self.by_name[name]
        for name, folder in folders.items():
            if name in self.by_name:
                continue
            try:
                self.by_name[name] = cached_case(folder, self.cache, self.normalisation)
            except FileNotFoundError:
                # Taken away since it was listed, by another run that used it up; else it is incomplete.
                if (folder / "case.json").exists():
                    raise

    @property
    def names(self) -> list[str]:
        """<patient>/<time point> of all cases, in order."""
        return sorted(self.by_name)

    def folder(self, name: str) -> Path:
        """Of a patient, or of <patient>/<time point>."""
        return self.root / self.split / name

    def store(self, name: str) -> Path:
        """Where the same is kept, normalised."""
        kept = self.cache if self.normalisation == NORMALISATIONS[0] else self.cache / self.normalisation
        return kept / self.split / name

    @property
    def digest(self) -> str:
        """SHA-256 over the names and voxels of all cases."""
        lines = (f"{name}:{case.digest}\n" for name, case in sorted(self.by_name.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def preprocessing(self) -> dict:
        """How the cases were prepared, in the words of the node's manifests. ValueError when they differ."""
        corrections = {case.details.get("biasCorrection", "none") for case in self.by_name.values()} or {"none"}
        if len(corrections) > 1:
            raise ValueError(
                f"{self.root}: cases with and without bias correction ({sorted(corrections)}) do not go together"
            )
        return preprocessing(self.normalisation, *corrections)

    @property
    def sources(self) -> dict:
        """Where the cases come from, name -> licence, for the model card; phantoms name none."""
        given = [case.details["source"] for case in self.by_name.values() if "source" in case.details]
        return {source["name"]: source["licence"] for source in sorted(given, key=lambda s: s["name"])}

    @property
    def synthetic(self) -> int:
        """How many are phantoms' (`priora phantom`)."""
        return sum("seed" in case.details for case in self.by_name.values())

    def __iter__(self):
        return iter([case for _, case in sorted(self.by_name.items())])

    def __len__(self) -> int:
        return len(self.by_name)
