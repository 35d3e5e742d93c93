"""Every public name of the package is documented, and what its examples show is so."""

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
