# SPDX-License-Identifier: BSL-1.0
# The target sixfold::module, for `import sixfold;`: each build makes its own, as no compiled module fits the flags of another.
# Included by sixfold itself and by its package, which say sixfold_include_dir first.
if(CMAKE_VERSION VERSION_LESS 3.28)
  message(FATAL_ERROR "sixfold::module needs CMake 3.28, this is ${CMAKE_VERSION}; the headers need 3.21")
endif()
if(NOT TARGET sixfold_module)
  add_library(sixfold_module STATIC EXCLUDE_FROM_ALL)
  add_library(sixfold::module ALIAS sixfold_module)
  target_sources(sixfold_module PUBLIC FILE_SET CXX_MODULES BASE_DIRS ${sixfold_include_dir} FILES
                                       ${sixfold_include_dir}/sixfold/sixfold.cppm)
  target_link_libraries(sixfold_module PUBLIC sixfold::sixfold)
endif()
