import ast
import difflib
import json
import os
import pkgutil
import re
import site
import sys
from importlib.machinery import PathFinder

PACKAGE = "pywats_client"
PYTHON = "%d.%d" % sys.version_info[:2]

name = json.loads(os.environ["STATIOND_ARGUMENTS"])["class"]
folders = sys.argv[1:]
found = []


def fault(words, remedy, fatal=True):
    found.append({"words": words, "remedy": remedy, "fatal": fatal})


def meant(word, known):
    nearest = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def is_listed(folder):
    """Whether a folder can be looked into; a search passes over one that cannot as if it were empty."""
    try:
        os.listdir(folder)
        return True
    except OSError as error:
        remedy = f"chmod a+rX {folder}, and a+x each folder above it" if isinstance(error, PermissionError) else None
        fault(f"python_path: {folder}: {error.strerror}", remedy or "correct python_path")
        return False


def module_of(dotted, path):
    """Where a module is, without importing one; None once the fault is told."""
    before = ""
    for part in dotted.split("."):
        spec = PathFinder.find_spec(before + part, path)
        if spec is None:
            where = f"{before[:-1]} has no module {part}" if before else f"there is no module {part} in python_path"
            near = meant(part, [module.name for module in pkgutil.iter_modules(path)])
            fault(f"class {name}: {where}{near}", "correct class, or name the folder of its package in python_path")
            return None
        before += part + "."
        path = spec.submodule_search_locations or []
        if not all([is_listed(folder) for folder in path]):
            return None
    return spec


def names_in(source):
    """What a module may define; None when only running it would tell."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return None if names & {"*", "__getattr__"} else names


def look():
    if not all([is_listed(folder) for folder in folders]):
        return
    for folder in folders:
        other = re.search(r"/python(3\.\d+)(/|$)", folder)
        if other and other[1] != PYTHON:
            words = f"python_path: {folder} is of Python {other[1]}, and converters run with {PYTHON}"
            fault(words, f"make the environment again with the system's python3, of version {PYTHON}", fatal=False)
    path = [*folders, *site.getsitepackages(), *sys.path]
    if PathFinder.find_spec(PACKAGE, path) is None:
        searched = ", ".join(folders) or "the system's folders"
        fault(f"no package pywats-api in {searched}", "install it, and name its folder in python_path")
        return
    module, _, last = name.rpartition(".")
    spec = module_of(module, path)
    if spec is None or not spec.has_location or not spec.origin.endswith(".py"):
        return
    try:
        with open(spec.origin, "rb") as file:
            names = names_in(file.read())
    except OSError as error:
        fault(f"{spec.origin}: {error.strerror}", f"chmod a+r {spec.origin}")
    except (SyntaxError, ValueError) as error:
        at = f"{spec.origin}:{getattr(error, 'lineno', None) or 0}"
        fault(f"{at}: Python cannot read it: {getattr(error, 'msg', error)}", "correct the module")
    else:
        if names is not None and last not in names:
            fault(f"module {module} has no class {last}{meant(last, names)}", "correct class")


look()
json.dump(found, sys.stdout)
