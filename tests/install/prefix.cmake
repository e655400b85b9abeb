# SPDX-License-Identifier: BSL-1.0
# cmake -D SOURCE=... -D SCRATCH=... -D GENERATOR=... -D COMPILER=... -P prefix.cmake
# Installs sixfold as a packager does: into SCRATCH/prefix, and into another prefix that is then
# moved to SCRATCH/moved. Fails if anything but headers, package files and the licence is installed, or if a file
# knows where it was put.
function(run)
  execute_process(COMMAND ${ARGV} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${SCRATCH}/package -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D SIXFOLD_TESTS=OFF -D SIXFOLD_EXAMPLES=OFF
    -D SIXFOLD_BENCHMARKS=OFF)
run(${CMAKE_COMMAND} --install ${SCRATCH}/package --prefix ${SCRATCH}/prefix)
run(${CMAKE_COMMAND} --install ${SCRATCH}/package --prefix ${SCRATCH}/before)
file(RENAME ${SCRATCH}/before ${SCRATCH}/moved)

file(GLOB_RECURSE expected RELATIVE ${SOURCE} ${SOURCE}/include/sixfold/*.hpp ${SOURCE}/include/sixfold/*.cppm)
list(APPEND expected include/sixfold.hpp share/cmake/sixfold/sixfold-module.cmake share/cmake/sixfold/Findasio.cmake
     share/cmake/sixfold/Findhiredis.cmake share/cmake/sixfold/sixfold-config.cmake
     share/cmake/sixfold/sixfold-config-version.cmake share/cmake/sixfold/sixfold-targets.cmake
     share/pkgconfig/sixfold.pc share/licenses/sixfold/LICENSE)
file(GLOB_RECURSE installed RELATIVE ${SCRATCH}/moved ${SCRATCH}/moved/*)
set(missing ${expected})
set(surplus ${installed})
list(REMOVE_ITEM missing ${installed})
list(REMOVE_ITEM surplus ${expected})
if(missing OR surplus)
  message(FATAL_ERROR "not installed: ${missing}\ninstalled without need: ${surplus}")
endif()

foreach(file ${installed})
  file(READ ${SCRATCH}/moved/${file} text)
  foreach(place ${SOURCE}/include ${SCRATCH})
    string(FIND "${text}" "${place}" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "${file} names ${place}: it would not survive a move")
    endif()
  endforeach()
endforeach()
