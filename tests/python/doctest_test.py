"""Every public name of the package is documented, and what its examples show is so."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import sys

import pytest
import synchrodb

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(synchrodb.__path__, "synchrodb.")
    if not module.name.endswith(("._core", ".__main__"))
)


@pytest.mark.parametrize("name", ["synchrodb", *MODULES])
def test_examples(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} says nothing"
    # Examples of a part of generators or nemeses use what their users have: the whole package.
    package = importlib.import_module(name.rpartition(".")[0] or name)
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS,
                              globs={**vars(package), **vars(module)})
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples of {name} fail"


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_and_classes_are_documented(name):
    module = importlib.import_module(name)
    bare = [
        f"{name}.{each}" for each, value in vars(module).items()
        if not each.startswith("_") and getattr(value, "__module__", "") == name
        and (inspect.isfunction(value) or inspect.isclass(value)) and not value.__doc__
    ]
    assert bare == []


# ---- What users may use: all that `synchrodb` and its public modules name.

PUBLIC = ["synchrodb", "synchrodb.plot", "synchrodb.report", "synchrodb.shrinking",
          "synchrodb.travel", *(f"synchrodb.{name}" for name in synchrodb._MODULES)]
#: What no example can show, and why.
NOT_SHOWN = {
    "synchrodb.report.serve": "it goes on until Ctrl-C; serve_test.py runs it",
    "synchrodb.Client.watch": "it waits for others",
}


def callables_of(name, cls):
    """A class's public methods and properties, those of our own bases included."""
    for base in cls.__mro__:
        if base.__module__.startswith("synchrodb"):
            for member, value in vars(base).items():
                if not member.startswith("_") and (
                        inspect.isroutine(value)
                        or isinstance(value, (property, classmethod, staticmethod))):
                    yield f"{name}.{member}", value


def public_callables():
    """Every public function, class, method and property: its full name, and what it is."""
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        names = getattr(module, "__all__", None) or [
            name for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", "") == module_name]
        for name in names:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isroutine(value):
                yield f"{module_name}.{name}", value
            if inspect.isclass(value):
                yield from callables_of(f"{module_name}.{name}", value)


def words_of_examples():
    """The names that occur as code in an example of any docstring of the package."""
    words = set()
    finder = doctest.DocTestFinder()
    for module_name in ("synchrodb", *MODULES):
        for test in finder.find(importlib.import_module(module_name), module_name):
            for node in (node for example in test.examples
                         for node in ast.walk(ast.parse(example.source))):
                words |= {getattr(node, field) for field in ("id", "attr", "name")
                          if isinstance(getattr(node, field, None), str)}
    return words


def test_whatever_is_public_is_documented():
    """A method that stands for one of a base says the same as that."""
    assert [name for name, value in public_callables() if not inspect.getdoc(value)] == []


def test_whatever_can_be_called_is_shown_in_an_example_that_runs():
    words = words_of_examples()
    missing = sorted({
        name for name, value in public_callables()
        if not inspect.isclass(value) and not isinstance(value, property)
        and name not in NOT_SHOWN and name.rpartition(".")[2] not in words})
    assert missing == []
