"""The tables of docs/ref/config.md, made from the model, so that they cannot tell anything else."""

from __future__ import annotations

from vigil.config.model import LISTS, TABLES, Camera, Motion
from vigil.config.setting import Setting, settings_of
from vigil.config.write import toml_value


def reference_tables() -> dict[str, str]:
    """Return a Markdown table for each table of the file, by its header (``[[camera]]``)."""
    models = {f"[{name}]": model for name, model in TABLES.items()}
    models = {"[[camera]]": Camera, "[camera.motion]": Motion, **models}
    models |= {f"[[{name}]]": model for name, model in LISTS.items()}
    return {header: _table(list(settings_of(model).values())) for header, model in models.items()}


def _table(settings: list[Setting]) -> str:
    rows = ["| key | default | accepts | meaning |", "|---|---|---|---|", *map(_row, settings)]
    return "\n".join(rows) + "\n"


def _row(setting: Setting) -> str:
    default = "required" if setting.required else f"`{toml_value(setting.default)}`"
    only = f" *({', '.join(setting.only.sources)} only)*" if setting.only else ""
    cells = [f"`{setting.key}`", default, setting.kind.accepts, setting.meaning + only]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
