import ast
import io
import json
import os
import sys
import zipfile

# What a module is used for, in the words after "imports NAME: ".
NETWORK = "converters have no network"
PROCESSES = "converters start no processes, unless `processes` in [converter.sandbox] allows them"
HIDDEN = "what it does cannot be seen in the code"
MODULES = {
    "asyncio": "its event loop needs a socket pair, which converters have not",
    "cffi": HIDDEN,
    "ctypes": HIDDEN,
    "ftplib": NETWORK,
    "http": NETWORK,
    "imaplib": NETWORK,
    "multiprocessing": PROCESSES,
    "poplib": NETWORK,
    "pty": PROCESSES,
    "smtplib": NETWORK,
    "socket": NETWORK,
    "socketserver": NETWORK,
    "ssl": NETWORK,
    "subprocess": PROCESSES,
    "telnetlib": NETWORK,
    "urllib.request": NETWORK,
    "webbrowser": PROCESSES,
    "xmlrpc": NETWORK,
}
BUILT_IN = {"__import__": HIDDEN, "compile": HIDDEN, "eval": HIDDEN, "exec": HIDDEN}
CALLS = {
    "importlib.import_module": HIDDEN,
    "marshal.loads": HIDDEN,
    "os.kill": "converters send no signals to others",
    "pickle.load": "a hostile file runs code in it",
    "pickle.loads": "a hostile file runs code in it",
}
PROCESS_CALLS = ("exec", "fork", "popen", "posix_spawn", "spawn", "system")


def dotted(node):
    """a.b.c of an expression, if it is nothing else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return before and before + "." + node.attr
    return None


def about_call(name):
    module, _, function = name.rpartition(".")
    if module == "os" and function.startswith(PROCESS_CALLS):
        return PROCESSES
    return CALLS.get(name) or (BUILT_IN.get(name) if not module else None)


def remarks(source, own):
    """Line and words of each remark about one module."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module] + [node.module + "." + alias.name for alias in node.names]
        found = set()
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in own:
                found.add((top, "not in the standard library; there are no site packages in the sandbox"))
            for module, words in MODULES.items():
                if name == module or name.startswith(module + "."):
                    found.add((module, words))
        for name, words in sorted(found):
            yield node.lineno, f"imports {name}: {words}"
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            words = name and about_call(name)
            if words:
                yield node.lineno, f"calls {name}: {words}"


def modules(content, beside):
    """Name, source and the importable names of each module."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        yield "", content, beside
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        own = {name.split("/")[0].split(".")[0] for name in names}
        for name in names:
            if name.endswith(".py"):
                yield name, archive.read(name), own


found = []
beside = set(json.loads(os.environ["STATIOND_ARGUMENTS"])["beside"])
for file, source, own in modules(sys.stdin.buffer.read(), beside):
    try:
        lines = sorted(set(remarks(source, own)))
        found += [{"file": file, "line": line, "words": words, "fatal": False} for line, words in lines]
    except (SyntaxError, ValueError) as error:
        words = f"Python cannot read it: {getattr(error, 'msg', error)}"
        found.append({"file": file, "line": getattr(error, "lineno", None) or 0, "words": words, "fatal": True})
json.dump(found[:200], sys.stdout)
