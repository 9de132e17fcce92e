"""The package by itself: unpacked into an empty folder, with the packages of requirements.txt."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.deployment import bicep

# Runs inside the unpacked package, where packages that only development installs do not exist.
CHECK = """
import importlib, importlib.metadata as metadata, json, pathlib, re, sys
from importlib.machinery import PathFinder

names = re.findall(r"^([\\w.-]+)==", pathlib.Path("requirements.txt").read_text(), re.M)
same = lambda name: re.sub(r"[-_.]+", "-", name).lower()
deployed = {same(name) for name in names}
owners = metadata.packages_distributions()

class Deployed:
    #Finds what a deployed app has; anything else is as if it were not installed.

    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in owners and not deployed & {same(owner) for owner in owners[top]}:
            return None
        return PathFinder.find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Deployed()
sys.path.insert(0, ".")
from azure_functions_runtime.loader import index_function_app
functions = [function.get_function_name() for function in index_function_app("function_app.py")]
modules = [
    ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(pathlib.Path("shared").rglob("*.py"))
]
for module in modules:
    importlib.import_module(module)
print(json.dumps({"functions": functions, "modules": len(modules)}))
"""


def test_the_package_alone_indexes_every_function_and_imports_every_module(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "scripts/package.py"], cwd=bicep.ROOT, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(bicep.ROOT / "dist" / "segment-export.zip") as package:
        package.extractall(tmp_path)

    result = subprocess.run(
        [sys.executable, "-P", "-c", CHECK],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "AzureWebJobsStorage": "UseDevelopmentStorage=true"},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    triggers = {"tick", "plan_run", "send_batches", "finish_run", "upkeep", "notices"}
    poison = {"plan_poison", "lane_poison", "finish_poison", "upkeep_poison", "notices_poison"}
    assert triggers | poison <= set(found["functions"])
    assert len(found["functions"]) > 25
    assert found["modules"] > 40
