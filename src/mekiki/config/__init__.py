"""Every setting and its default: one frozen section per concern, a sentence and a unit on each field.

The command line, the run's ``config.json`` and the documentation are made from these fields. A contradiction
is refused here, in the user's own words. A function takes its section or plain values, never the whole ``RunConfig``.
"""

from mekiki.config.audit import AuditSettings
from mekiki.config.augment import PRESETS, AugmentSettings, FillMode, PresetName
from mekiki.config.cluster import ClusterSettings, ReplicaSettings
from mekiki.config.distill import DistillSettings
from mekiki.config.explain import ExplainSettings, MethodName
from mekiki.config.export import ExportSettings
from mekiki.config.models import (
    DemoSettings,
    EvaluateSettings,
    FitName,
    HeadName,
    ModelSettings,
    Precision,
    TrainSettings,
    ViewsName,
)
from mekiki.config.normalise import NormaliseName, NormaliseSettings, complete
from mekiki.config.photos import (
    GROUP_COLUMN,
    CollectSettings,
    CopySettings,
    LabelSettings,
    LayoutName,
    PreviewSettings,
    ScanSettings,
    SplitSettings,
    UnpackSettings,
    kind_of_amount,
)
from mekiki.config.recipes import Recipe, read_recipe, recipe_names
from mekiki.config.run import SECTIONS, RunConfig, amounts_in, make_config, parse_assignments
from mekiki.config.section import AnySection, Section, build, build_some
from mekiki.config.serve import ServeSettings
from mekiki.config.stress import KINDS, UNITS, KindName, StressSettings, severities_of
from mekiki.config.studio import StudioSettings
from mekiki.config.video import VideoSettings

__all__ = [
    "AuditSettings",
    "ClusterSettings",
    "ReplicaSettings",
    "PRESETS",
    "AugmentSettings",
    "FillMode",
    "PresetName",
    "ExplainSettings",
    "ExportSettings",
    "MethodName",
    "DistillSettings",
    "DemoSettings",
    "EvaluateSettings",
    "FitName",
    "HeadName",
    "ModelSettings",
    "Precision",
    "TrainSettings",
    "ViewsName",
    "NormaliseName",
    "NormaliseSettings",
    "complete",
    "GROUP_COLUMN",
    "CollectSettings",
    "CopySettings",
    "LabelSettings",
    "LayoutName",
    "PreviewSettings",
    "ScanSettings",
    "SplitSettings",
    "UnpackSettings",
    "kind_of_amount",
    "Recipe",
    "read_recipe",
    "recipe_names",
    "SECTIONS",
    "RunConfig",
    "amounts_in",
    "make_config",
    "parse_assignments",
    "AnySection",
    "Section",
    "build",
    "build_some",
    "ServeSettings",
    "KINDS",
    "UNITS",
    "KindName",
    "StressSettings",
    "severities_of",
    "StudioSettings",
    "VideoSettings",
]
