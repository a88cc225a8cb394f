"""Converters in Python that try what they may not. Usage: attacks.py NAME key=value..., as attacks.c."""

import os
import sys

name = sys.argv[1]
keys = dict(argument.split("=", 1) for argument in sys.argv[2:])


def subprocess_run():
    import subprocess
    subprocess.run(["/bin/true"], check=True)


def system():
    if os.system("true") != 0:
        raise PermissionError


def popen():
    if os.popen("echo x").read() != "x\n":
        raise PermissionError


def multiprocessing_pool():
    import multiprocessing
    process = multiprocessing.Process(target=int)
    process.start()
    process.join()


def pseudo_terminal():
    import pty
    pty.fork() or os._exit(0)


def url():
    import urllib.request
    urllib.request.urlopen(f"http://127.0.0.1:{keys['port']}/", timeout=5).read(1)


def name_lookup():
    import socket
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", int(keys["port"])))


def event_loop():
    import asyncio
    asyncio.new_event_loop().close()


def foreign_call():
    import ctypes
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def copy_tree():
    import shutil
    shutil.copyfile(keys["canary"] + "/file", "copied")


def hidden_import():
    getattr(__builtins__, "__imp" + "ort__")("o" + "s").listdir(keys["canary"])


def evaluated():
    eval("open(keys['canary'] + '/file', 'w')")


def database():
    import sqlite3
    sqlite3.connect(keys["canary"] + "/database").execute("create table t (x)")


def crash():
    import ctypes
    if keys.get("confined"):
        ctypes.string_at(0)


try:
    globals()[name]()
except OSError as error:
    print(name, error, file=sys.stderr)
    sys.exit(42)
except Exception as error:
    print(name, repr(error), file=sys.stderr)
    sys.exit(42)
print("{}")
