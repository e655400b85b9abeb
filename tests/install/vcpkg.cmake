# SPDX-License-Identifier: BSL-1.0
# cmake -D SOURCE=... -D SCRATCH=... -D GENERATOR=... -D COMPILER=... -D VERSION=... -P vcpkg.cmake
# Goes through the steps of the port without vcpkg: the functions here stand in for its own, and do what its manual says. Then it looks
# at what vcpkg looks at after a build, and finds the package.
set(CURRENT_PACKAGES_DIR ${SCRATCH}/vcpkg)
set(build ${SCRATCH}/vcpkg-build)
set(port ${SOURCE}/examples/packaging/vcpkg)

function(run)
  execute_process(COMMAND ${ARGV} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" SOURCE_PATH OPTIONS)
  run(${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${build} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
      -D CMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR} ${arg_OPTIONS})
endfunction()
function(vcpkg_cmake_install)
  run(${CMAKE_COMMAND} --build ${build} --target install)
endfunction()
function(vcpkg_cmake_config_fixup) # moves the package files, and says how far up the prefix is from there
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "PACKAGE_NAME;CONFIG_PATH" "")
  set(share ${CURRENT_PACKAGES_DIR}/share/${arg_PACKAGE_NAME})
  file(RENAME ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH} ${share})
  file(READ ${share}/${arg_PACKAGE_NAME}-targets.cmake text)
  set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
  string(REPLACE "${up}${up}${up}" "${up}${up}" text "${text}")
  file(WRITE ${share}/${arg_PACKAGE_NAME}-targets.cmake "${text}")
endfunction()
function(vcpkg_fixup_pkgconfig)
endfunction()
function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" FILE_LIST)
  file(COPY_FILE ${arg_FILE_LIST} ${CURRENT_PACKAGES_DIR}/share/sixfold/copyright)
endfunction()

file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR} ${build})
file(MAKE_DIRECTORY ${CURRENT_PACKAGES_DIR})
include(${port}/portfile.cmake)

file(READ ${port}/vcpkg.json manifest)
string(JSON version GET "${manifest}" version)
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "vcpkg.json says version ${version}, the headers are ${VERSION}")
endif()
if(NOT EXISTS ${CURRENT_PACKAGES_DIR}/share/sixfold/copyright)
  message(FATAL_ERROR "no copyright file")
endif()
file(GLOB_RECURSE all LIST_DIRECTORIES true ${CURRENT_PACKAGES_DIR}/*)
foreach(each ${all})
  if(IS_DIRECTORY ${each})
    file(GLOB inside ${each}/*)
    if(NOT inside OR each MATCHES "/(debug|lib|bin)$")
      message(FATAL_ERROR "vcpkg refuses this directory: ${each}")
    endif()
  endif()
endforeach()
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/install/found -B ${SCRATCH}/vcpkg-found -G ${GENERATOR}
    -D PREFIX=${CURRENT_PACKAGES_DIR} -D VERSION=${VERSION})
