"""The console's modules as one script."""

import re

import pytest

from shared.http import console
from shared.http.console_script import UnknownFormError, joined

MODULES = {
    "main.js": 'import { shown as told } from "./pages/a.js";\n\ntold();\n',
    "pages/a.js": 'import { said } from "../lib/b.js";\n'
    "/** @param {string} text */\nconst own = (text) => said(text);\n\n"
    "// What is shown.\nexport function shown() {\n  own();\n}\n",
    "lib/b.js": 'import { render } from "../vendor/c.js";\n'
    "const own = 1;\nexport const said = () => render(own);\nexport async function other() {}\n",
    "vendor/c.js": "export{a as render}",
}


def test_each_module_comes_after_those_that_it_needs_with_its_own_names_to_itself() -> None:
    assert joined(MODULES, "main.js", "vendor/").splitlines() == [
        'import * as m0 from "./vendor/c.js";',
        "let m1,m2,m3;",
        "{",
        "const { render } = m0;",
        "const own = 1;",
        "const said = () => render(own);",
        "async function other() {}",
        "m1 = { said, other };",
        "}",
        "{",
        "const { said } = m1;",
        "const own = (text) => said(text);",
        "function shown() {",
        "own();",
        "}",
        "m2 = { shown };",
        "}",
        "{",
        "const { shown: told } = m2;",
        "told();",
        "}",
    ]


@pytest.mark.parametrize(
    "unknown",
    [
        'import all from "./lib/b.js";',
        'import * as all from "./lib/b.js";',
        'import "./lib/b.js";',
        "export default 1;",
        "export let changed = 1;",
        'export { said } from "./lib/b.js";',
        'const later = () => import("./lib/b.js");',
    ],
)
def test_a_form_that_is_not_understood_is_refused(unknown: str) -> None:
    with pytest.raises(UnknownFormError, match=r"^main\.js: "):
        joined({**MODULES, "main.js": f"{unknown}\n"}, "main.js", "vendor/")


def test_modules_that_need_each_other_are_refused() -> None:
    around = {**MODULES, "lib/b.js": 'import { shown } from "../pages/a.js";\n'}

    with pytest.raises(UnknownFormError, match=r"pages/a\.js needs lib/b\.js needs pages/a\.js"):
        joined(around, "main.js", "vendor/")


def test_every_module_of_the_console_is_in_its_script_once() -> None:
    script = console.manifest().files[console.SCRIPT].plain.decode()
    modules = [
        path
        for path in console.FOLDER.rglob("*.js")
        if "vendor" not in path.parts and re.search(r"^export ", path.read_text(), re.MULTILINE)
    ]

    assert modules
    for path in modules:
        for kind, name in re.findall(
            r"^export ((?:async )?(?:function|class|const)) (\w+)", path.read_text(), re.MULTILINE
        ):
            assert re.search(rf"^{kind} {name}\b", script, re.MULTILINE), (path, name)
