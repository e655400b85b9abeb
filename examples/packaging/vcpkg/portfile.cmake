# SPDX-License-Identifier: BSL-1.0
# An overlay port of the checkout that it lies in: vcpkg install sixfold --overlay-ports=examples/packaging/vcpkg
get_filename_component(SOURCE_PATH ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
set(VCPKG_BUILD_TYPE release) # headers alone: there is nothing to debug

vcpkg_cmake_configure(SOURCE_PATH ${SOURCE_PATH} OPTIONS -DSIXFOLD_TESTS=OFF -DSIXFOLD_EXAMPLES=OFF
                                                         -DSIXFOLD_BENCHMARKS=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME sixfold CONFIG_PATH share/cmake/sixfold)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/share/licenses ${CURRENT_PACKAGES_DIR}/share/cmake)
vcpkg_install_copyright(FILE_LIST ${SOURCE_PATH}/LICENSE)
