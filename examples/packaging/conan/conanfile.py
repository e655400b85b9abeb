# SPDX-License-Identifier: BSL-1.0
"""The recipe for Conan 2, in the checkout that it packs: conan create examples/packaging/conan"""

import re
from pathlib import Path

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load

# A part of ext/, and the package that it needs.
PARTS = {
    "fmt": "fmt/[>=9]",
    "sqlite": "sqlite3/[>=3.37]",
    "postgres": "libpq/[>=14]",
    "redis": "hiredis/[>=0.14]",
    "asio": "asio/[>=1.18]",
    "boost_asio": "boost/[>=1.74]",
}


class Sixfold(ConanFile):
    name = "sixfold"
    description = "Reliable message delivery over a relay, in six frames"
    license = "BSL-1.0"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {name: [True, False] for name in PARTS}
    default_options = {name: False for name in PARTS}
    no_copy_source = True

    def checkout(self):
        return str(Path(self.recipe_folder).resolve().parents[2])

    def set_version(self):
        header = load(self, str(Path(self.checkout()) / "include/sixfold/version.hpp"))
        self.version = ".".join(re.findall(r"^#define SIXFOLD_VERSION_\w+ (\d+)", header, re.MULTILINE))

    def export_sources(self):
        for pattern in "LICENSE", "include/sixfold/*.hpp", "include/sixfold/*.cppm":
            copy(self, pattern, src=self.checkout(), dst=self.export_sources_folder)

    def requirements(self):
        for name, package in PARTS.items():
            if self.options.get_safe(name):
                self.requires(package)

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=str(Path(self.package_folder) / "licenses"))
        copy(self, "include/*", src=self.source_folder, dst=self.package_folder)

    def package_id(self):
        self.info.clear()

    def package_info(self):
        core = self.cpp_info.components["sixfold"]
        core.set_property("cmake_target_name", "sixfold::sixfold")
        core.bindirs = core.libdirs = []
        for name, package in PARTS.items():
            if self.options.get_safe(name):
                part = self.cpp_info.components[name]
                part.set_property("cmake_target_name", f"sixfold::{name}")
                part.bindirs = part.libdirs = part.includedirs = []
                library = package.split("/")[0]
                part.requires = ["sixfold", f"{library}::{library}"]
                if name == "boost_asio":
                    part.defines = ["SIXFOLD_BOOST_ASIO"]
