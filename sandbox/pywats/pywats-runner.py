"""Runs a converter class of the vendor's Python client as a converter of stationd.

    pywats-runner.py CLASS ALARM_BELOW REJECT_BELOW STATION [FOLDER...]

CLASS is package.module.Class, derived from FileConverter or FolderConverter of the package pywats-api; it is used as
it is. FOLDERs are searched for modules before the system's. The file or folder is STATIOND_INPUT, the class's arguments
are STATIOND_ARGUMENTS, and the answer on standard output is an envelope of stationd's converter protocol. What the
class prints or logs goes to standard error, that is to the journal.
"""

import difflib
import importlib
import importlib.util
import json
import mimetypes
import os
import site
import sys
import types
from pathlib import Path

PACKAGE = "pywats_client"


class Unusable(Exception):
    """The class or its arguments cannot be used; no file would change that."""


def prepare_imports(folders):
    """Makes the modules of the folders and the system importable, and the client's package without its desktop."""
    sys.path[:0] = [*folders, *site.getsitepackages()]
    # The system's tables of file types are none of a converter's files.
    mimetypes.knownfiles = []
    mimetypes.init()
    found = importlib.util.find_spec(PACKAGE)
    if found is None:
        searched = ", ".join(folders) or "the system's folders"
        raise Unusable(f"no package pywats-api in {searched}: install it, and name its folder in python_path")
    # The package's own beginning imports Qt; converters need none of it.
    package = types.ModuleType(PACKAGE)
    package.__path__ = list(found.submodule_search_locations)
    package.__spec__ = found
    sys.modules[PACKAGE] = package


def find_class(name):
    """The class of a dotted name."""
    module, _, last = name.rpartition(".")
    if not module:
        raise Unusable(f"class {name!r} is no package.module.Class")
    try:
        return getattr(importlib.import_module(module), last)
    except ModuleNotFoundError as error:
        raise Unusable(f"class {name}: {error}") from error
    except AttributeError as error:
        raise Unusable(f"module {module} has no class {last}") from error


def arguments_of(converter, given):
    """The class's defaults and the settings' arguments, checked as the class describes them."""
    schema = converter.arguments_schema
    # A class that describes no argument may still read some: only one that does says which there are.
    for name in given if schema else ():
        if name not in schema:
            meant = difflib.get_close_matches(name, schema, 1)
            nearest = f"; did you mean {meant[0]}?" if meant else ""
            raise Unusable(f"arguments: {name}: unknown{nearest} (the class has {', '.join(schema)})")
    arguments = {name: known.default for name, known in schema.items() if known.default is not None}
    arguments.update(given)
    for name, known in schema.items():
        fine, why = known.validate(arguments.get(name))
        if not fine:
            raise Unusable(f"arguments: {name}: {why}")
    return arguments


def answer(status, confidence, reason, reports=()):
    """An envelope of the protocol."""
    envelope = {"status": status, "reason": "; ".join(part for part in reason if part)}
    if confidence is not None:
        envelope["confidence"] = confidence
    if reports:
        envelope["reports"] = [as_json(report) for report in reports]
    return envelope


def as_json(report):
    """A report as WSJF, as the client sends it: its models say how, a dict is one already."""
    if hasattr(report, "model_dump"):
        return report.model_dump(mode="json", by_alias=True, exclude_none=True)
    return report


def run(class_name, alarm_below, reject_below, station):
    """Validates and converts the input."""
    from pywats_client.converters.context import ConverterContext
    from pywats_client.converters.file_converter import FileConverter
    from pywats_client.converters.folder_converter import FolderConverter
    from pywats_client.converters.models import ConversionStatus, ConverterSource

    found = find_class(class_name)
    if not (isinstance(found, type) and issubclass(found, (FileConverter, FolderConverter))):
        raise Unusable(f"{class_name} is no FileConverter and no FolderConverter")
    converter = found()
    given = json.loads(os.environ.get("STATIOND_ARGUMENTS") or "{}")
    context = ConverterContext(
        station_name=station,
        alarm_threshold=float(alarm_below),
        reject_threshold=float(reject_below),
        arguments=arguments_of(converter, given),
    )
    path = Path(os.environ["STATIOND_INPUT"])
    wants_folder = isinstance(converter, FolderConverter)
    if wants_folder != path.is_dir():
        what = ("folders", "folder") if wants_folder else ("files", "file")
        raise Unusable(f"{class_name} converts {what[0]}: set unit = \"{what[1]}\"")
    converter.on_load(context)
    if wants_folder:
        source = ConverterSource.from_folder(path)
        if not converter.is_folder_ready(path, context):
            return answer("suspended", None, ["the folder is not complete yet"])
    else:
        source = ConverterSource.from_file(path)
    valid = converter.validate(source, context)
    if not valid.can_convert:
        return answer("skipped", valid.confidence, [valid.message or "the class does not take it"])
    if not valid.ready:
        missing = ", ".join(map(str, valid.missing_dependencies))
        return answer("suspended", valid.confidence, [valid.message or f"waiting for {missing}"])
    result = converter.convert(source, context)
    confidence = (result.validation or valid).confidence
    if result.status is ConversionStatus.SUCCESS:
        return answer("converted", confidence, result.warnings, result.get_all_reports())
    status = {
        ConversionStatus.SUSPENDED: "suspended",
        ConversionStatus.SKIPPED: "skipped",
        ConversionStatus.REJECTED: "rejected",
        ConversionStatus.FAILED: "rejected",
    }[result.status]
    reason = result.suspend_reason if status == "suspended" else result.error
    return answer(status, confidence, [reason or "the class gave no reason", *result.warnings])


def main(class_name, alarm_below, reject_below, station, *folders):
    """Writes the answer where the class cannot print into it."""
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    try:
        prepare_imports(folders)
        envelope = run(class_name, alarm_below, reject_below, station)
    except Unusable as error:
        sys.exit(f"{error}")
    with os.fdopen(answer_fd, "w", encoding="utf-8") as out:
        json.dump(envelope, out, allow_nan=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
