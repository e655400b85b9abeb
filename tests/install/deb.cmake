# SPDX-License-Identifier: BSL-1.0
# cmake -D SOURCE=... -D SCRATCH=... -D GENERATOR=... -D VERSION=... -P deb.cmake
# Makes the Debian package in the build directory of prefix.cmake, unpacks it as dpkg would, and finds sixfold there.
function(run)
  execute_process(COMMAND ${ARGV} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(package ${SCRATCH}/package/sixfold-dev_${VERSION}_all.deb)
get_filename_component(bin ${CMAKE_COMMAND} DIRECTORY)
file(REMOVE_RECURSE ${package} ${SCRATCH}/deb)
run(${bin}/cpack -G DEB --config ${SCRATCH}/package/CPackConfig.cmake -B ${SCRATCH}/package)
run(dpkg-deb --info ${package})
foreach(line "Package: sixfold-dev" "Version: ${VERSION}" "Architecture: all" "Section: libdevel")
  if(NOT output MATCHES "${line}\n")
    message(FATAL_ERROR "The package does not say \"${line}\":\n${output}")
  endif()
endforeach()
run(dpkg-deb -x ${package} ${SCRATCH}/deb)
if(NOT EXISTS ${SCRATCH}/deb/usr/share/doc/sixfold-dev/copyright)
  message(FATAL_ERROR "The package has no usr/share/doc/sixfold-dev/copyright")
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/install/found -B ${SCRATCH}/deb-found -G ${GENERATOR}
    -D PREFIX=${SCRATCH}/deb/usr -D VERSION=${VERSION})
