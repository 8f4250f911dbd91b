"""Every setting and its default: one frozen section per concern, a sentence and a unit on each field.

The command line, the run's ``config.json`` and the documentation are made from these fields. A contradiction
is refused here, in the user's own words. A function takes its section or plain values, never the whole ``RunConfig``.
"""

from mekiki.config.augment import PRESETS, AugmentSettings, FillMode, PresetName
from mekiki.config.models import (
    DemoSettings,
    EvaluateSettings,
    FitName,
    HeadName,
    ModelSettings,
    Precision,
    TrainSettings,
)
from mekiki.config.photos import (
    GROUP_COLUMN,
    CollectSettings,
    CopySettings,
    LabelSettings,
    LayoutName,
    ScanSettings,
    SplitSettings,
    kind_of_amount,
)
from mekiki.config.run import SECTIONS, RunConfig, make_config, parse_assignments
from mekiki.config.section import AnySection, Section, build, build_some

__all__ = [
    "PRESETS",
    "AugmentSettings",
    "FillMode",
    "PresetName",
    "DemoSettings",
    "EvaluateSettings",
    "FitName",
    "HeadName",
    "ModelSettings",
    "Precision",
    "TrainSettings",
    "GROUP_COLUMN",
    "CollectSettings",
    "CopySettings",
    "LabelSettings",
    "LayoutName",
    "ScanSettings",
    "SplitSettings",
    "kind_of_amount",
    "SECTIONS",
    "RunConfig",
    "make_config",
    "parse_assignments",
    "AnySection",
    "Section",
    "build",
    "build_some",
]
