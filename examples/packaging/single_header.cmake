# SPDX-License-Identifier: BSL-1.0
# Usage: cmake -D OUTPUT=sixfold.hpp [-D "PARTS=memory_mailbox;new_life;file_journal"] -P single_header.cmake
# Writes all of sixfold.hpp and the named parts as one header. A part is a header beside sixfold.hpp or in its folder ext, by its
# name; those of fmt and sqlite need their libraries all the same. Each piece keeps its guard, so that a program may include
# this file and single headers of the same version.
cmake_minimum_required(VERSION 3.21)

get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)
set(headers ${root}/include)
if(NOT DEFINED PARTS)
  set(PARTS memory_mailbox new_life file_journal)
endif()
if(NOT OUTPUT)
  message(FATAL_ERROR "Where to? Say -D OUTPUT=sixfold.hpp in front of -P")
endif()

# The text of a header, with the text of each of ours that it includes in the place of its include, once. What stands in a branch
# of an #if may be left out by the compiler, so it counts as not yet written for what follows.
function(write_header header)
  get_property(written GLOBAL PROPERTY written)
  if(header IN_LIST written)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY written ${header})
  file(READ ${headers}/${header} text)
  string(REGEX REPLACE "^// SPDX[^\n]*" "" text "${text}")
  set(depth 0)
  while(text MATCHES "\n#include \"(sixfold/[a-z0-9_/]+\\.hpp)\"[^\n]*")
    set(line "${CMAKE_MATCH_0}")
    set(included ${CMAKE_MATCH_1})
    string(FIND "${text}" "${line}" begin)
    string(LENGTH "${line}" size)
    math(EXPR end "${begin} + ${size}")
    string(SUBSTRING "${text}" 0 ${begin} before)
    string(SUBSTRING "${text}" ${end} -1 text)
    set_property(GLOBAL APPEND_STRING PROPERTY output "${before}")

    string(REGEX MATCHALL "\n#if" opened "${before}")
    string(REGEX MATCHALL "\n#endif" closed "${before}")
    list(LENGTH opened opened)
    list(LENGTH closed closed)
    math(EXPR depth "${depth} + ${opened} - ${closed}")
    get_property(written GLOBAL PROPERTY written)
    write_header(${included})
    if(depth GREATER 1) # the guard is one
      set_property(GLOBAL PROPERTY written ${written})
    endif()
  endwhile()
  set_property(GLOBAL APPEND_STRING PROPERTY output "${text}")
endfunction()

write_header(sixfold/sixfold.hpp)
foreach(part ${PARTS})
  if(EXISTS ${headers}/sixfold/${part}.hpp)
    write_header(sixfold/${part}.hpp)
  elseif(EXISTS ${headers}/sixfold/ext/${part}.hpp)
    write_header(sixfold/ext/${part}.hpp)
  else()
    message(FATAL_ERROR "PARTS: there is no header ${part}.hpp in include/sixfold or include/sixfold/ext")
  endif()
endforeach()

file(READ ${root}/LICENSE licence)
string(REGEX REPLACE "([^\n]*)\n" "// \\1\n" licence "${licence}")
string(REGEX REPLACE " +\n" "\n" licence "${licence}")
get_property(output GLOBAL PROPERTY output)
string(REGEX REPLACE "\n\n\n+" "\n\n" output "${output}")
list(JOIN PARTS ", " parts)
file(WRITE ${OUTPUT} "// SPDX-License-Identifier: BSL-1.0
// sixfold in one header, made from its many; do not edit. Beside sixfold.hpp it has: ${parts}.
//
${licence}${output}")
